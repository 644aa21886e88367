package dev.partita.node.recovery;

import dev.partita.node.catalog.CatalogCodec;
import dev.partita.node.partition.LocalPartitions;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionReplica;
import dev.partita.node.partition.PartitionState;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.GroupRecovery;
import dev.partita.node.raft.NodeId;
import dev.partita.node.recovery.NodeSurvey.ReplicaSurvey;
import dev.partita.node.replication.LogPosition;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.replication.ReplicationRefusal;
import dev.partita.node.system.Fence;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transport.Transport;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// What each node does in a recovery: it tells what it has, keeps out the lost nodes, and has its
/// replica of a group go on.
final class Survivor {
  static final String SURVEY = "recovery.survey";
  static final String FENCE = "recovery.fence";
  static final String RESTORE = "recovery.restore";

  private static final Logger LOGGER = System.getLogger(Survivor.class.getName());

  /// Longer than several elections on a busy machine.
  private static final Duration ELECTION_PATIENCE = Duration.ofSeconds(20);

  private static final Duration LOOK = Duration.ofMillis(50);

  private final NodeId self;
  private final SystemPartition system;
  private final LocalPartitions partitions;
  private final ReplicationHost host;
  private final Fence fence;
  private final Clock clock;

  /// The nodes to keep out.
  record Exclusion(Set<NodeId> lost) {}

  /// A group to go on with.
  record Restoration(
      long group,
      long lastIndex,
      long lastTerm,
      long term,
      Configuration configuration,
      List<byte[]> commands) {}

  /// Whether it goes on.
  ///
  /// @param failure why not; empty if it does
  record Restored(String failure) {}

  Survivor(
      NodeId self,
      SystemPartition system,
      LocalPartitions partitions,
      ReplicationHost host,
      Fence fence,
      Clock clock) {
    this.self = self;
    this.system = system;
    this.partitions = partitions;
    this.host = host;
    this.fence = fence;
    this.clock = clock;
  }

  void serve(Transport transport) {
    transport.register(SURVEY, (_, _) -> onThread(() -> survey()));
    transport.register(
        FENCE,
        (_, request) ->
            onThread(() -> keepOut(CatalogCodec.decode(request, Exclusion.class).lost())));
    transport.register(
        RESTORE,
        (_, request) -> onThread(() -> restore(CatalogCodec.decode(request, Restoration.class))));
  }

  private static CompletableFuture<byte[]> onThread(Supplier<Object> task) {
    return CompletableFuture.supplyAsync(
        () -> CatalogCodec.encode(task.get()),
        run -> Thread.ofVirtual().name("recovery").start(run));
  }

  // Survey

  NodeSurvey survey() {
    List<ReplicaSurvey> replicas = new ArrayList<>();
    system
        .group()
        .flatMap(Survivor::position)
        .map(position ->
            replica(
                GroupId.SYSTEM.value(),
                "system",
                "",
                position,
                0,
                system.catalog().window().end(),
                0))
        .ifPresent(replicas::add);
    for (PartitionReplica replica : partitions.replicas()) {
      position(replica.group())
          .map(position -> describe(replica, position))
          .ifPresent(replicas::add);
    }
    Set<NodeId> members =
        system.catalog().nodes().keySet().stream()
            .filter(system.catalog()::hasMember)
            .collect(Collectors.toSet());
    return new NodeSurvey(
        self,
        members,
        members.stream()
            .filter(node -> !node.equals(self) && host.alive(node))
            .collect(Collectors.toSet()),
        system.catalog().window().end(),
        fence.excluded(),
        replicas);
  }

  /// Nothing for a replica that has stopped.
  private static Optional<LogPosition> position(ReplicationGroup group) {
    try {
      return Optional.of(group.position().join());
    } catch (CompletionException e) {
      if (e.getCause() instanceof ReplicationRefusal) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static ReplicaSurvey describe(PartitionReplica replica, LogPosition position) {
    PartitionState state = replica.state();
    PartitionDescriptor descriptor = state.descriptor();
    return replica(
        replica.id().value(),
        descriptor == null ? replica.id().toString() : descriptor.name(),
        descriptor == null ? "" : descriptor.collection(),
        position,
        descriptor == null ? 0 : descriptor.epoch().value(),
        state.lastCommit(),
        replica.preparedTransactions());
  }

  private static ReplicaSurvey replica(
      long group,
      String name,
      String collection,
      LogPosition position,
      long epoch,
      Timestamp latest,
      int prepared) {
    return new ReplicaSurvey(
        group,
        name,
        collection,
        position.term(),
        position.lastIndex(),
        position.lastTerm(),
        position.commitIndex(),
        position.configuration(),
        position.complete(),
        epoch,
        latest,
        prepared);
  }

  // Change

  private Exclusion keepOut(Set<NodeId> lost) {
    if (lost.contains(self)) {
      throw new IllegalArgumentException("a node cannot keep out itself");
    }
    fence.exclude(lost);
    LOGGER.log(Level.WARNING, "Keeping out nodes that were given up as lost: {0}", lost);
    return new Exclusion(fence.excluded());
  }

  private Restored restore(Restoration wanted) {
    GroupId id = new GroupId(wanted.group());
    ReplicationGroup group = host.group(id);
    if (group == null) {
      return new Restored("the replica is not open");
    }
    LOGGER.log(
        Level.WARNING,
        "Group {0} goes on from entry {1} of term {2} without its lost members, as {3}",
        id,
        wanted.lastIndex(),
        wanted.lastTerm(),
        wanted.configuration());
    var recovery =
        new GroupRecovery(
            wanted.lastIndex(),
            wanted.lastTerm(),
            wanted.term(),
            wanted.configuration(),
            wanted.commands());
    if (!group.recover(recovery).join()) {
      return new Restored("the replica is not as it was when this was planned");
    }
    return awaitLeader(group) ? new Restored("") : new Restored("it has not been elected in time");
  }

  private boolean awaitLeader(ReplicationGroup group) {
    Deadline deadline = Deadline.after(ELECTION_PATIENCE, clock);
    Function<Throwable, Long> notYet = _ -> -1L;
    try {
      while (group.readBarrier().exceptionally(notYet).join() < 0) {
        if (deadline.isExpired(clock)) {
          return false;
        }
        Thread.sleep(LOOK);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
