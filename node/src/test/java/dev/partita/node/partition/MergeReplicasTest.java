package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Merges of three replicas, and what these tests make of merges that are done wrong.
final class MergeReplicasTest extends ReplicasFixture {

  private static final PartitionId INTO = new PartitionId(8);

  /// Has both sides frozen on all members.
  private void freeze() {
    awaitEqualReplicas(LOW);
    awaitEqualReplicas(HIGH);
    await()
        .atMost(PATIENCE)
        .until(() -> {
          freeze(LOW, HIGH);
          freeze(HIGH, LOW);
          return members.values().stream()
              .allMatch(member -> isFrozen(member, LOW) && isFrozen(member, HIGH));
        });
  }

  private void freeze(PartitionId side, PartitionId sibling) {
    if (members.values().stream().anyMatch(member -> isFrozen(member, side))) {
      return;
    }
    PartitionReplica replica = requireNonNull(leader(side).partitions.replica(side));
    PartitionDescriptor now = requireNonNull(replica.state().descriptor());
    replica.wantFreeze(now.epoch(), INTO, "whole", WHOLE.bounds(), sibling);
  }

  private static boolean isFrozen(Member member, PartitionId side) {
    return requireNonNull(member.partitions.replica(side)).state().freeze() != null;
  }

  /// Whether somebody knows since when.
  private boolean isClosedSinceThen(PartitionId side) {
    return members.values().stream()
        .map(member -> requireNonNull(member.partitions.replica(side)))
        .anyMatch(replica -> replica.closedSinceNanos() != null);
  }

  private static void merge(Member member) {
    await().atMost(PATIENCE).until(() -> member.partitions.merge(INTO, LOW, HIGH));
  }

  private void mergeWriteAndClean() {
    start();
    load(1);
    split();
    load(2);
    freeze();
    members.values().forEach(MergeReplicasTest::merge);
    assertAll(2);
    load(3);
    awaitEqualReplicas(INTO);
    await()
        .atMost(PATIENCE)
        .until(() -> {
          members.values().forEach(member -> member.storage.flush());
          return members.values().stream()
              .allMatch(member -> isMergedDurably(member, LOW) && isMergedDurably(member, HIGH));
        });
    for (PartitionId gone : List.of(WHOLE.id(), LOW, HIGH)) {
      members.values().forEach(member -> member.partitions.remove(gone).join());
    }
    for (long key = 0; key < 100; key += 5) {
      Response response = call(new Request.Read(INTO, Epoch.FIRST, PrimaryKey.of(key), null));
      assertThat(response).isInstanceOf(Response.Row.class);
      assertThat(String.valueOf(((Response.Row) response).document()))
          .as("key " + key)
          .isEqualTo("{\"size\":3}");
    }
  }

  private static boolean isMergedDurably(Member member, PartitionId side) {
    return requireNonNull(member.partitions.replica(side)).report().splitDurably();
  }

  @Test
  void theOneServesAndTheSidesAreRemoved() {
    mergeWriteAndClean();
    PartitionState state = requireNonNull(leader(INTO).partitions.replica(INTO)).state();
    assertThat(state.rows()).isEqualTo(20);
    assertThat(requireNonNull(state.descriptor()).bounds()).isEqualTo(WHOLE.bounds());
  }

  @Test
  void rowsThatAreClearedWithASideAreNoticed() {
    rules =
        new SplitRules() {
          @Override
          boolean sparesRows() {
            return false;
          }
        };
    assertThatThrownBy(this::mergeWriteAndClean).isInstanceOf(AssertionError.class);
  }

  /// The leader of a side has not heard yet that the others have merged, and one of them leads.
  private void readFromWhoeverIsLate() {
    start();
    load(1);
    split();
    freeze();
    Member late = frozenLeader();
    members.values().stream().filter(member -> member != late).forEach(MergeReplicasTest::merge);
    await()
        .atMost(PATIENCE)
        .until(() ->
            members.values().stream()
                .filter(member -> member != late)
                .anyMatch(member -> isServing(member, INTO)));
    put(10, 2);
    PartitionDescriptor side =
        requireNonNull(requireNonNull(late.partitions.replica(LOW)).state().descriptor());
    Response answer =
        new RemotePartitions(client, late.node, TestNode.CLOCK)
            .handle(
                new Request.Read(LOW, side.epoch(), PrimaryKey.of(10), null),
                Deadline.after(Duration.ofSeconds(30), TestNode.CLOCK))
            .join();
    assertThat(answer).as("an answer of before the merge").isInstanceOf(Response.Refusal.class);
    merge(late);
    assertThat(read(10)).isEqualTo(2);
    awaitEqualReplicas(INTO);
  }

  private Member frozenLeader() {
    return await()
        .atMost(PATIENCE)
        .until(
            () ->
                members.values().stream()
                    .filter(
                        member -> requireNonNull(member.partitions.replica(LOW)).report().serving())
                    .findFirst()
                    .orElse(null),
            Objects::nonNull);
  }

  @Test
  void aLeaderThatHasNotHeardOfTheMergeAnswersNobody() {
    readFromWhoeverIsLate();
  }

  @Test
  void aFrozenLeaderThatAnswersIsNoticed() {
    rules =
        new SplitRules() {
          @Override
          boolean freezes() {
            return false;
          }
        };
    assertThatThrownBy(this::readFromWhoeverIsLate)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("an answer of before the merge");
  }

  @Test
  void whatIsUnfrozenServesAgain() {
    start();
    load(1);
    split();
    freeze();
    assertThat(isClosedSinceThen(LOW)).isTrue();
    await()
        .atMost(PATIENCE)
        .until(() -> {
          members
              .values()
              .forEach(member -> {
                requireNonNull(member.partitions.replica(LOW)).wantUnfreeze(INTO);
                requireNonNull(member.partitions.replica(HIGH)).wantUnfreeze(INTO);
              });
          return members.values().stream()
              .noneMatch(member -> isFrozen(member, LOW) || isFrozen(member, HIGH));
        });
    // A pause is not counted from a freeze that was given up.
    assertThat(isClosedSinceThen(LOW)).isFalse();
    load(2);
    assertAll(2);
  }

  /// It merges what it has, and finds that the others are far ahead.
  @Test
  void aMemberThatWasAwayWhileOthersMergedCatchesUp() {
    start();
    load(1);
    split();
    freeze();
    NodeId away =
        THREE.voters().stream()
            .filter(node -> !node.equals(frozenLeader().node))
            .findFirst()
            .orElseThrow();
    requireNonNull(members.get(away)).stop();
    members.values().forEach(MergeReplicasTest::merge);
    load(2);
    awaitCut(INTO, 3);
    load(9);

    var back = new Member(away, null);
    await()
        .atMost(PATIENCE)
        .until(() -> back.partitions.replica(LOW) != null && back.partitions.replica(HIGH) != null);
    merge(back);

    awaitEqualReplicas(INTO);
    assertAll(9);
  }

  @Test
  void everyMemberRestarts() {
    start();
    load(1);
    split();
    freeze();
    members.values().forEach(MergeReplicasTest::merge);
    load(2);
    for (NodeId node : THREE.voters()) {
      requireNonNull(members.get(node)).stop();
      new Member(node, THREE);
    }
    leader(INTO);
    awaitEqualReplicas(INTO);
    assertAll(2);
  }
}
