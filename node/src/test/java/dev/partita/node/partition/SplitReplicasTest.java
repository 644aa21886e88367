package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LONG;
import static org.awaitility.Awaitility.await;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.storage.Direction;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Splits of three replicas, and what these tests make of splits that are done wrong.
final class SplitReplicasTest extends ReplicasFixture {

  /// What each of the planted bugs is tried with.
  private void splitWriteAndClean() {
    start();
    load(1);
    split();
    load(2);
    assertAll(2);
    // The Partition that has no rows any more goes, as the cluster has it go.
    await()
        .atMost(PATIENCE)
        .until(() ->
            members.values().stream()
                .allMatch(member -> {
                  PartitionReplica whole = member.partitions.replica(WHOLE.id());
                  return whole != null && whole.report().splitDurably();
                }));
    members.values().forEach(member -> member.partitions.remove(WHOLE.id()).join());
    for (long key = 0; key < 100; key += 5) {
      PartitionId child = key < AT ? LOW : HIGH;
      Response response = call(new Request.Read(child, Epoch.FIRST, PrimaryKey.of(key), null));
      assertThat(response).isInstanceOf(Response.Row.class);
      assertThat(String.valueOf(((Response.Row) response).document()))
          .as("key " + key)
          .isEqualTo("{\"size\":2}");
    }
  }

  @Test
  void theChildrenServeAndTheRestIsRemoved() {
    splitWriteAndClean();
    awaitEqualReplicas(LOW);
    awaitEqualReplicas(HIGH);
    assertThat(requireNonNull(leader(LOW).partitions.replica(LOW)).state().rows()).isEqualTo(10);
  }

  @Test
  void theLeaderTellsHowLongNoWriteWasTaken() {
    start();
    long begun = System.nanoTime();
    split();
    leader(LOW);
    leader(HIGH);
    await().atMost(PATIENCE).until(() -> !pauses.isEmpty());
    long ended = System.nanoTime();
    assertThat(pauses).containsOnlyKeys(OperationListener.Division.SPLIT);
    assertThat(pauses.get(OperationListener.Division.SPLIT))
        .singleElement(as(LONG))
        .isBetween(1L, ended - begun);
  }

  /// Reports are sent at once when leaders change; what leads and does not serve yet is none.
  @Test
  void aMemberTellsWhenItHasBegunToServe() {
    start();
    NodeId follower = requireNonNull(followerOf(WHOLE.id()));
    Member next = requireNonNull(members.get(follower));
    PartitionReplica replica = requireNonNull(next.partitions.replica(WHOLE.id()));
    var told = new CopyOnWriteArrayList<Boolean>();
    next.partitions.onServing(() -> told.add(replica.report().serving()));
    await()
        .atMost(PATIENCE)
        .until(() -> {
          var _ =
              requireNonNull(leader(WHOLE.id()).partitions.replica(WHOLE.id()))
                  .group()
                  .transferLeadership(follower);
          return !told.isEmpty();
        });
    assertThat(told.getFirst()).isTrue();
  }

  @Test
  void eachMemberTellsWhenNoCrashUndoesTheSplitAnyMore() {
    start();
    var told = new ConcurrentHashMap<NodeId, Boolean>();
    members
        .values()
        .forEach(member ->
            member.partitions.onSplitDurably(() ->
                told.put(
                    member.node,
                    requireNonNull(member.partitions.replica(WHOLE.id()))
                        .report()
                        .splitDurably())));
    split();
    await().atMost(PATIENCE).until(() -> told.size() == 3);
    assertThat(told.values()).containsOnly(true);
  }

  @Test
  void membersFlushOneAfterTheOtherAndTheCopiesLast() {
    NodeId one = new NodeId(1);
    NodeId two = new NodeId(20);
    NodeId three = new NodeId(3);
    NodeId copy = new NodeId(2);
    Configuration configuration = Configuration.of(Set.of(two, one, three), Set.of(copy));
    assertThat(
            Stream.of(one, three, two, copy)
                .map(node -> LocalPartitions.flushAfter(configuration, node)))
        .isSorted()
        .doesNotHaveDuplicates();
  }

  @Test
  void childrenThatBeginEmptyAreNoticed() {
    rules =
        new SplitRules() {
          @Override
          boolean inherits() {
            return false;
          }
        };
    assertThatThrownBy(
            () -> {
              start();
              load(1);
              split();
              assertAll(1);
            })
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void rowsThatAreClearedWithTheParentAreNoticed() {
    rules =
        new SplitRules() {
          @Override
          boolean sparesRows() {
            return false;
          }
        };
    assertThatThrownBy(this::splitWriteAndClean).isInstanceOf(AssertionError.class);
  }

  /// The parent goes on to answer from bounds that are not its own any more.
  @Test
  void answersFromStaleBoundsAreNoticed() {
    rules =
        new SplitRules() {
          @Override
          boolean refuses() {
            return false;
          }
        };
    assertThatThrownBy(this::writeToWhoeverAnswers).isInstanceOf(AssertionError.class);
  }

  @Test
  void writesOfThoseWhoDoNotKnowOfTheSplitAreMadeByTheChildren() {
    writeToWhoeverAnswers();
  }

  private void writeToWhoeverAnswers() {
    start();
    load(1);
    split();
    awaitEqualReplicas(LOW);
    put(11, 4);
    Member leader = leader(LOW);
    PartitionState state = requireNonNull(leader.partitions.replica(LOW)).state();
    var scan =
        new Request.Scan(LOW, Epoch.FIRST, null, null, Direction.FORWARD, null, 100, Timestamp.MAX);
    // A row that came past the child's log is not among those that it has counted.
    assertThat(
            new PageReader(
                    leader.storage,
                    requireNonNull(state.descriptor()),
                    state.indexes(),
                    Timestamp.MAX)
                .rows(scan)
                .rows())
        .hasSize(11);
    assertThat(state.rows()).isEqualTo(11);
  }

  @Test
  void aMemberThatWasAwayForLongGetsChildrenAsSnapshots() {
    start();
    load(1);
    NodeId away = await().until(() -> followerOf(WHOLE.id()), Objects::nonNull);
    requireNonNull(members.get(away)).stop();
    awaitCut(WHOLE.id(), 2);
    split();
    awaitCut(WHOLE.id(), 3);
    awaitCut(LOW, 4);
    awaitCut(HIGH, 5);
    load(99);
    var back = new Member(away, null);
    awaitSplitOn(back);
    openChildren(back);
    awaitEqualReplicas(LOW);
    awaitEqualReplicas(HIGH);
    assertAll(99);
  }

  private static void awaitSplitOn(Member member) {
    await()
        .atMost(PATIENCE)
        .until(() -> requireNonNull(member.partitions.replica(WHOLE.id())).isSplit());
  }

  /// As the keeper of replicas does where the children did not come with the split.
  private static void openChildren(Member member) {
    SplitState split =
        requireNonNull(requireNonNull(member.partitions.replica(WHOLE.id())).state().split());
    split.children().forEach(child -> member.partitions.openIfAbsent(child, null));
  }

  @Test
  void aLeaderThatIsLostRightAfterTheSplitLeavesTheChildrenToOthers() {
    start();
    load(1);
    split();
    Member lost = leader(WHOLE.id());
    NodeId node = lost.node;
    members.keySet().stream()
        .filter(other -> !other.equals(node))
        .forEach(other -> network.cut(node, other));
    requireNonNull(members.remove(node));
    load(2);
    assertAll(2);
    network.heal();
    members.put(node, lost);
    awaitEqualReplicas(LOW);
    awaitEqualReplicas(HIGH);
    assertAll(2);
  }

  @Test
  void aLeaderThatIsLostWhileItCountsLeavesTheCountToOthers() {
    start();
    // So much that it is counted in many steps.
    JsonBytes large = JsonBytes.of("{\"text\":\"" + "x".repeat(500_000) + "\"}");
    for (long key = 0; key < 100; key += 5) {
      var mutation = Mutation.put(PrimaryKey.of(key), large);
      assertThat(call(new Request.Write(WHOLE.id(), Epoch.FIRST, List.of(mutation), false)))
          .isInstanceOf(Response.Writes.class);
    }
    split();
    Member counting = leader(HIGH);
    PartitionReplica replica = requireNonNull(counting.partitions.replica(HIGH));
    await("the count")
        .pollInterval(Duration.ofMillis(1))
        .atMost(PATIENCE)
        .until(() -> counting.storage.statistics().openViews() > 0 || !replica.state().estimated());
    counting.stop();
    put(AT, 2);
    awaitEqualReplicas(HIGH);
    PartitionState counted = requireNonNull(leader(HIGH).partitions.replica(HIGH)).state();
    assertThat(counted.rows()).isEqualTo(10);
    assertThat(counted.bytes()).isBetween(9L * 500_000, 9L * 501_000);
  }

  @Test
  void aLeaderThatIsSlowToApplyTheSplitGivesNoStaleAnswers() throws Exception {
    answerWhileOthersHaveSplit();
  }

  @Test
  void answersPastACommittedSplitAreNoticed() {
    rules =
        new SplitRules() {
          @Override
          boolean awaits() {
            return false;
          }
        };
    assertThatThrownBy(this::answerWhileOthersHaveSplit).isInstanceOf(AssertionError.class);
  }

  private void answerWhileOthersHaveSplit() throws Exception {
    start();
    load(1);
    Member slow = leader(WHOLE.id());
    PartitionReplica whole = requireNonNull(slow.partitions.replica(WHOLE.id()));
    var applies = new CountDownLatch(1);
    var holds = new CountDownLatch(1);
    Thread.ofVirtual()
        .start(() ->
            whole
                .machine()
                .exclusively(() -> {
                  holds.countDown();
                  return awaitUninterruptibly(applies);
                }));
    holds.await();
    try {
      // The others hear of the entry with the next heartbeat, and in time elect a leader of theirs.
      await()
          .atMost(PATIENCE)
          .until(() -> {
            whole.wantSplit(
                requireNonNull(whole.state().descriptor()).epoch(), Datum.of(AT), children());
            return members.values().stream()
                .anyMatch(member -> member != slow && isServing(member, LOW));
          });
      var mutation = Mutation.put(PrimaryKey.of(10), JsonBytes.of("{\"size\":2}"));
      Response written = call(new Request.Write(LOW, Epoch.FIRST, List.of(mutation), false));
      assertThat(written).isInstanceOf(Response.Writes.class);
      // The slow one can say nothing before it has applied the entry, however long it is asked.
      Duration asked = rules.awaits() ? Duration.ofSeconds(1) : PATIENCE;
      for (Timestamp at : Arrays.asList(null, oracle.next(1).join().first())) {
        var read = new Request.Read(WHOLE.id(), Epoch.FIRST, PrimaryKey.of(10), at);
        Response answer =
            slow.partitions.handle(read, Deadline.after(asked, TestNode.CLOCK)).join();
        assertThat(answer).isInstanceOf(Response.Refusal.class);
      }
    } finally {
      applies.countDown();
    }
    assertThat(read(10)).isEqualTo(2);
  }

  private static boolean awaitUninterruptibly(CountDownLatch latch) {
    try {
      return latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void everyMemberRestarts() {
    start();
    load(1);
    split();
    load(2);
    for (NodeId node : THREE.voters()) {
      requireNonNull(members.get(node)).stop();
      new Member(node, THREE);
    }
    for (PartitionId child : List.of(LOW, HIGH)) {
      leader(child);
      awaitEqualReplicas(child);
    }
    assertAll(2);
  }
}
