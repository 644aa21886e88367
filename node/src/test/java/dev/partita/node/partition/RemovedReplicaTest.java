package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.storage.Batch;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/// What a crash leaves of a replica that is removed: its log's end is durable first, and its rows
/// may still be there.
final class RemovedReplicaTest extends ReplicasFixture {

  private NodeId loaded() {
    start();
    load(1);
    NodeId node = await().until(() -> followerOf(WHOLE.id()), Objects::nonNull);
    PartitionReplica replica = requireNonNull(member(node).partitions.replica(WHOLE.id()));
    await().atMost(PATIENCE).until(() -> replica.state().rows() == 20);
    return node;
  }

  private Member member(NodeId node) {
    return requireNonNull(members.get(node));
  }

  private void change(PartitionId id, Function<Configuration, ConfigurationChange> change) {
    ReplicationGroup group = requireNonNull(leader(id).partitions.replica(id)).group();
    group.changeConfiguration(change.apply(group.status().configuration())).join();
  }

  /// As a node that is killed between the two steps of a removal.
  private void removeTheLogAlone(NodeId node) {
    change(WHOLE.id(), members -> ConfigurationChange.remove(members, node));
    member(node).host.remove(WHOLE.id().group()).join();
    assertThat(member(node).partitions.isStored(WHOLE.id())).isTrue();
    member(node).stop();
  }

  private static boolean hasRow(Member member, long key) {
    return member.storage.get(new PartitionKeys(WHOLE).row(PrimaryKey.of(key))) != null;
  }

  @Test
  void aReplicaCanBeGivenBack() {
    NodeId node = loaded();
    removeTheLogAlone(node);
    load(2);
    change(WHOLE.id(), members -> ConfigurationChange.addLearner(members, node));
    var back = new Member(node, null);
    awaitEqualReplicas(WHOLE.id());
    assertThat(hasRow(back, 95)).isTrue();
    assertAll(2);
  }

  @Test
  void whatIsRemovedIsGoneAfterACrashRightAfter() {
    NodeId node = loaded();
    member(node).storage.flush();
    change(WHOLE.id(), members -> ConfigurationChange.remove(members, node));
    member(node).partitions.remove(WHOLE.id()).join();
    member(node).crash();
    var back = new Member(node);
    assertThat(back.partitions.isStored(WHOLE.id())).isFalse();
    assertThat(hasRow(back, 0)).isFalse();
  }

  /// A log that has just begun says that there is a replica, so after a crash nobody asks whether
  /// there is data of a former one.
  @Test
  void aReplicaThatIsBackIsNotTakenForTheFormerOneAfterACrash() {
    NodeId node = loaded();
    member(node).storage.flush();
    change(WHOLE.id(), members -> ConfigurationChange.remove(members, node));
    member(node).partitions.remove(WHOLE.id()).join();
    member(node).partitions.openIfAbsent(WHOLE, null);
    member(node).crash();
    var back = new Member(node);
    assertThat(back.partitions.isStored(WHOLE.id())).isFalse();
    assertThat(hasRow(back, 0)).isFalse();
  }

  @Test
  void anInstallationThatWasUnderWayIsClearedAwayToo() {
    NodeId node = loaded();
    try (Batch batch = member(node).storage.newBatch()) {
      byte[] state =
          requireNonNull(member(node).storage.meta(PartitionKeys.stateRecord(WHOLE.id())));
      batch.putMeta(
          PartitionKeys.installRecord(WHOLE.id()),
          PartitionCodec.begin(1_024).bytes(state).bytes(state).toByteArray());
      batch.commit();
    }
    removeTheLogAlone(node);
    var back = new Member(node);
    assertThat(back.storage.meta(PartitionKeys.installRecord(WHOLE.id()))).isNull();
    assertThat(hasRow(back, 0)).isFalse();
  }

  /// The rows of a part lie where those of the whole did. So what is left of the whole goes before
  /// the part has anything, and not when somebody finds it later.
  @Test
  void aPartOfItThatIsGivenBackKeepsItsRows() {
    NodeId node = loaded();
    removeTheLogAlone(node);
    split();
    load(2);
    change(LOW, members -> ConfigurationChange.addLearner(members, node));
    PartitionDescriptor low =
        requireNonNull(requireNonNull(leader(LOW).partitions.replica(LOW)).state().descriptor());

    var back = new Member(node);
    assertThat(back.partitions.isStored(WHOLE.id())).isFalse();
    assertThat(hasRow(back, 0)).isFalse();
    assertThat(hasRow(back, 95)).isFalse();

    back.partitions.openIfAbsent(low, null);
    await().atMost(PATIENCE).until(() -> hasRow(back, 45));
    back.stop();
    var again = new Member(node);
    assertThat(hasRow(again, 0)).isTrue();
    again.partitions.openIfAbsent(low, null);
    await()
        .atMost(PATIENCE)
        .until(() -> requireNonNull(again.partitions.replica(LOW)).state().rows() == 10);
    assertThat(hasRow(again, 95)).isFalse();
  }
}
