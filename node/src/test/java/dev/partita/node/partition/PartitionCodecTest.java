package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.raft.NodeId;
import dev.partita.node.storage.Direction;
import dev.partita.node.time.Timestamp;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PartitionCodecTest {

  private static final PartitionId ID = new PartitionId(1L << 40);
  private static final Epoch EPOCH = new Epoch(300);
  private static final PrimaryKey KEY = PrimaryKey.of(Datum.of(-5), Datum.of("\u00e9"));
  private static final Timestamp AT = new Timestamp(Long.MAX_VALUE);
  private static final JsonBytes JSON = JsonBytes.of("{\"a\":\"\u00e9\"}");

  private static final List<Request> REQUESTS =
      List.of(
          new Request.Write(
              ID,
              EPOCH,
              List.of(
                  Mutation.put(KEY, JSON),
                  Mutation.insert(PrimaryKey.of(1), JSON),
                  Mutation.delete(PrimaryKey.of("")).when(new Mutation.IfPresent()),
                  Mutation.delete(PrimaryKey.of(2)).when(new Mutation.IfVersion(AT)),
                  Mutation.put(PrimaryKey.of(3), JSON).when(new Mutation.IfAbsentOr(JSON))),
              true),
          new Request.Read(ID, EPOCH, KEY, null),
          new Request.Read(ID, EPOCH, KEY, AT),
          new Request.Scan(ID, EPOCH, null, null, Direction.FORWARD, null, 1, null),
          new Request.Scan(ID, EPOCH, KEY, KEY, Direction.BACKWARD, KEY, 1_000, AT),
          new Request.Changes(ID, EPOCH, ChangePosition.behind(Timestamp.MIN), AT, 1, false),
          new Request.Changes(ID, EPOCH, new ChangePosition(AT, KEY), AT, 1_000, true),
          new Request.IndexScan(ID, EPOCH, 7, List.of(), Direction.FORWARD, null, 1, false, null),
          new Request.IndexScan(
              ID,
              EPOCH,
              0xffff_ffffL,
              List.of(
                  new Datum.Null(),
                  Datum.of(true),
                  Datum.number(new BigDecimal("1.5")),
                  Datum.of(List.of(Datum.of(1)))),
              Direction.BACKWARD,
              Key.of(new byte[] {0, (byte) 0xff}),
              64,
              true,
              AT),
          new Request.Prepare(
              ID,
              EPOCH,
              new Transaction(
                  TransactionId.random(), AT, AT, List.of(ID), CommitProtocolKind.TWO_PHASE),
              ReadSet.nothing(AT),
              List.of(Mutation.put(KEY, JSON)),
              Set.of(7L, 9L),
              List.of()),
          new Request.Prepare(
              ID,
              EPOCH,
              new Transaction(
                  TransactionId.random(), AT, AT, List.of(ID), CommitProtocolKind.TWO_PHASE),
              ReadSet.nothing(AT),
              List.of(Mutation.put(KEY, JSON)),
              Set.of(),
              List.of(
                  new Extent("things", null, KEY, Set.of(ID, new PartitionId(1_000))),
                  new Extent("things", KEY, null, Set.of()))),
          new Request.Prepare(
              ID,
              EPOCH,
              new Transaction(
                  TransactionId.of("till", 7).again(),
                  AT,
                  new Timestamp(1),
                  List.of(ID, new PartitionId(2)),
                  CommitProtocolKind.THREE_PHASE),
              new ReadSet(
                  AT,
                  List.of(KEY),
                  List.of(
                      new ReadSet.Rows(null, KEY),
                      new ReadSet.Entries(3, List.of(Datum.of("x")), null, KEY.encoded()))),
              List.of(Mutation.put(KEY, JSON))),
          new Request.Finish(
              ID, EPOCH, TransactionId.random(), AT, new TransactionOutcome.Committed(AT)),
          new Request.Finish(
              ID, EPOCH, TransactionId.random(), AT, new TransactionOutcome.Aborted()),
          new Request.Inspect(ID, EPOCH, TransactionId.random(), AT),
          new Request.Vote(ID, EPOCH, TransactionId.random(), AT, Long.MAX_VALUE, null),
          new Request.Vote(
              ID, EPOCH, TransactionId.random(), AT, 0, new TransactionOutcome.Committed(AT)),
          new Request.Forget(ID, EPOCH, TransactionId.random()),
          new Request.Lookup(ID, EPOCH, TransactionId.of("till", Long.MAX_VALUE)));

  private static final List<Response> RESPONSES =
      List.of(
          new Response.Prepared(AT),
          new Response.Finished(new TransactionOutcome.Committed(AT)),
          new Response.Finished(new TransactionOutcome.Aborted()),
          new Response.NotPrepared(
              Response.NotPrepared.Reason.WRITE_REFUSED,
              List.of(new MutationResult.NotApplied(), new MutationResult.Conflict(AT))),
          new Response.Repeated(AT),
          new Response.Voted(true, null, Ballots.NONE),
          new Response.Voted(false, AT, new Ballots(9, 8, new TransactionOutcome.Committed(AT))),
          new Response.Done(),
          new Response.Locked(TransactionId.of("till", 7).again()),
          new Response.Writes(
              List.of(
                  new MutationResult.Written(AT, true),
                  new MutationResult.Conflict(null),
                  new MutationResult.Conflict(AT),
                  new MutationResult.UniqueViolation(3, "by-code"),
                  new MutationResult.Invalid(ErrorCode.TOO_LARGE, "why"),
                  new MutationResult.NotApplied())),
          new Response.Row(null, null),
          new Response.Row(AT, JSON),
          new Response.Rows(List.of(new Response.Stored(KEY, AT, JSON)), true, AT),
          new Response.Entries(
              List.of(
                  new Response.Entry(Key.EMPTY, KEY, JSON, null),
                  new Response.Entry(Key.EMPTY, KEY, JSON, new Response.Stored(KEY, AT, JSON))),
              false,
              AT),
          new Response.Changes(
              List.of(
                  new Response.Change(KEY, AT, JSON, null),
                  new Response.Change(KEY, AT, null, JSON)),
              true,
              AT),
          new Response.WrongEpoch(
              TestNode.descriptor(5, "things", new Bounds.Range(null, Datum.of("z")))),
          new Response.NotLeader(null),
          new Response.NotLeader(new NodeId(Long.MAX_VALUE)),
          new Response.NoReplica(),
          new Response.OutOfBounds(KEY),
          new Response.Overloaded("what"),
          new Response.Unavailable("why"),
          new Response.OutcomeUnknown("why"),
          new Response.TimestampTooOld(AT),
          new Response.TimestampInFuture(AT),
          new Response.IndexNotReady(4, null),
          new Response.IndexNotReady(4, AT),
          new Response.Invalid("why"));

  @Test
  void requestsComeBackAsTheyWere() {
    for (Request request : REQUESTS) {
      assertThat(PartitionCodec.decodeRequest(PartitionCodec.encode(request, 1_234)))
          .isEqualTo(new PartitionCodec.TimedRequest(1_234, request));
    }
  }

  @Test
  void responsesComeBackAsTheyWere() {
    for (Response response : RESPONSES) {
      assertThat(PartitionCodec.decodeResponse(PartitionCodec.encode(response)))
          .isEqualTo(response);
    }
  }

  @Test
  void definitionsComeBackAsTheyWere() {
    for (IndexDefinition index : TestDocument.INDEXES) {
      assertThat(PartitionCodec.decodeDefinition(PartitionCodec.encode(index))).isEqualTo(index);
    }
  }

  @Test
  void everyRefusalTellsAClientWhatItMayDo() {
    for (Response response : RESPONSES) {
      if (response instanceof Response.Refusal refusal && refusal.retryable()) {
        assertThat(refusal.toException().code().isRetryable()).as("%s", refusal).isTrue();
      }
    }
  }

  @Test
  void truncatedBytesAreRefused() {
    for (Request request : REQUESTS) {
      byte[] bytes = PartitionCodec.encode(request, 1);
      for (int length = 0; length < bytes.length; length++) {
        byte[] truncated = Arrays.copyOf(bytes, length);
        assertThatThrownBy(() -> PartitionCodec.decodeRequest(truncated))
            .isInstanceOfAny(IllegalArgumentException.class, DatabaseException.class);
      }
      assertThatThrownBy(() -> PartitionCodec.decodeRequest(Arrays.copyOf(bytes, bytes.length + 1)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
