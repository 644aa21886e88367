package dev.partita.node.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MessageCodecTest {

  private static final NodeId ONE = new NodeId(1);
  private static final NodeId LARGE = new NodeId(Long.MAX_VALUE);
  private static final Configuration CONFIGURATION =
      new Configuration(Set.of(ONE, LARGE), Set.of(ONE, new NodeId(300)), Set.of(new NodeId(7)));

  static List<Message> messages() {
    var entries =
        List.of(
            Entry.empty(3, 8),
            new Entry(4, 9, EntryKind.COMMAND, "command".getBytes(UTF_8)),
            new Entry(5, Long.MAX_VALUE, EntryKind.CONFIGURATION, CONFIGURATION.encode()));
    return List.of(
        new Message.PreVoteRequest(ONE, LARGE, 300, 7, 6),
        new Message.PreVoteResponse(ONE, LARGE, 300, true),
        new Message.VoteRequest(LARGE, ONE, 1, 0, 0, true),
        new Message.VoteResponse(LARGE, ONE, 1, false),
        new Message.AppendEntries(ONE, LARGE, 5, 7, 2, 6, entries),
        new Message.AppendEntries(ONE, LARGE, 5, 7, 2, 6, List.of()),
        new Message.AppendAccepted(ONE, LARGE, 5, 1L << 40),
        new Message.AppendRejected(ONE, LARGE, 5, 9, 8, 7),
        new Message.Heartbeat(ONE, LARGE, 5, 128, 3, -5),
        new Message.HeartbeatResponse(ONE, LARGE, 5, 3, Long.MIN_VALUE),
        new Message.InstallSnapshot(ONE, LARGE, 5, new SnapshotMark(9, 4, CONFIGURATION)),
        new Message.TimeoutNow(ONE, LARGE, 5),
        new Message.Quiesce(ONE, LARGE, 5, 9));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void decodesWhatItEncoded(Message message) {
    ByteBuffer buffer = encode(message);
    assertThat(buffer.remaining()).isEqualTo(MessageCodec.encodedSize(message));
    assertThat(MessageCodec.decode(buffer)).isEqualTo(message);
    assertThat(buffer.hasRemaining()).isFalse();
  }

  @Test
  void messagesFollowEachOther() {
    ByteBuffer buffer = ByteBuffer.allocate(10_000);
    messages().forEach(message -> MessageCodec.encode(message, buffer));
    buffer.flip();
    messages().forEach(message -> assertThat(MessageCodec.decode(buffer)).isEqualTo(message));
  }

  @Test
  void fieldsOfALaterVersionAreSkipped() {
    byte[] known = encode(new Message.AppendAccepted(ONE, LARGE, 5, 6)).array();
    ByteBuffer longer =
        ByteBuffer.allocate(known.length + 3).put(known).put(new byte[] {1, 2, 3}).flip();
    longer.put(2, (byte) (known[2] + 3));
    assertThat(MessageCodec.decode(longer)).isEqualTo(new Message.AppendAccepted(ONE, LARGE, 5, 6));
    assertThat(longer.hasRemaining()).isFalse();
  }

  @Test
  void fieldsThatAnEarlierVersionLacksAreZero() {
    var message = new Message.VoteRequest(ONE, new NodeId(2), 5, 6, 7, true);
    byte[] known = encode(message).array();
    ByteBuffer shorter = ByteBuffer.wrap(known, 0, known.length - 1);
    shorter.put(2, (byte) (known[2] - 1));
    assertThat(MessageCodec.decode(shorter))
        .isEqualTo(new Message.VoteRequest(ONE, new NodeId(2), 5, 6, 7, false));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void cutOffMessageIsRefused(Message message) {
    byte[] whole = encode(message).array();
    for (int length = 0; length < whole.length; length++) {
      ByteBuffer cut = ByteBuffer.wrap(whole, 0, length);
      assertThatIllegalArgumentException().isThrownBy(() -> MessageCodec.decode(cut));
    }
  }

  @Test
  void unknownFormatAndTypeAreRefused() {
    byte[] message = encode(new Message.TimeoutNow(ONE, LARGE, 5)).array();
    message[0] = 9;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MessageCodec.decode(ByteBuffer.wrap(message)));
    message[0] = 1;
    message[1] = 99;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MessageCodec.decode(ByteBuffer.wrap(message)));
  }

  @Test
  void configurationSurvivesItsCodec() {
    assertThat(Configuration.decode(CONFIGURATION.encode())).isEqualTo(CONFIGURATION);
    assertThat(Configuration.decode(Configuration.EMPTY.encode())).isEqualTo(Configuration.EMPTY);
  }

  private static ByteBuffer encode(Message message) {
    ByteBuffer buffer = ByteBuffer.allocate(MessageCodec.encodedSize(message));
    MessageCodec.encode(message, buffer);
    return buffer.flip();
  }
}
