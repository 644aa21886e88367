package dev.partita.node.cluster;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.ClaimPartitions;
import dev.partita.node.catalog.IndexEntry;
import dev.partita.node.catalog.JointPartitions;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.Epoch;
import dev.partita.node.partition.LocalPartitions;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.PartitionReplica;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.replication.ReplicationRefusal;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.WorkLoop;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Keeps on this node the replicas that the catalog places on it, and no others. Replicas that are
/// to go are removed with their rows before new ones are opened, because a new Partition may own
/// the same keys.
///
/// A replica is wanted where the catalog lists the node as a member, and where a running move is to
/// add it. It is removed only once the catalog, which never goes back, says otherwise.
final class ReplicaKeeper implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(ReplicaKeeper.class.getName());
  private static final Duration INTERVAL = Duration.ofSeconds(5);

  private final NodeId self;
  private final SystemPartition system;
  private final ReplicationHost host;
  private final LocalPartitions partitions;
  private final WorkLoop loop;
  private volatile boolean settled;

  /// Begins to keep the replicas.
  ///
  /// @param changed called when leader or members of a replica have changed, or what else is
  ///   reported at once; must be quick
  ReplicaKeeper(
      NodeId self,
      SystemPartition system,
      ReplicationHost host,
      LocalPartitions partitions,
      Runnable changed) {
    this.self = self;
    this.system = system;
    this.host = host;
    this.partitions = partitions;
    partitions.onOpen(replica -> {
      replica.group().addStatusListener(_ -> changed.run());
      changed.run();
    });
    this.loop = WorkLoop.start("replica-keeper", INTERVAL, this::keep);
    partitions.onFreeze(_ -> {
      loop.wake();
      changed.run();
    });
    partitions.onServing(changed);
    partitions.onIndex(changed);
    partitions.onSplitDurably(changed);
    system.addCatalogListener(_ -> loop.wake());
  }

  /// Whether the replicas that the catalog of the start wanted are open.
  boolean isSettled() {
    return settled;
  }

  private void keep() {
    Catalog catalog = system.catalog();
    if (catalog.clusterId() == null) {
      // The replica of the system partition has nothing yet: this says nothing about what is wanted
      // here.
      return;
    }
    if (!removeUnwanted(catalog)) {
      return; // what is to be opened may own the same keys
    }
    boolean all = true;
    Map<PartitionId, List<PartitionEntry>> merged = merged(catalog);
    for (PartitionEntry entry : catalog.partitions().all()) {
      List<PartitionEntry> parts = merged.getOrDefault(entry.id(), List.of());
      all &= tried(entry.id(), () -> keep(catalog, entry, parts));
    }
    settled |= all;
  }

  /// Does what is to be done for one Partition. What is wrong with one replica is no reason to keep
  /// the others waiting; it is tried again in the next round.
  ///
  /// @return false if it failed
  /// @throws ReplicationRefusal if the host has stopped
  private static boolean tried(PartitionId id, Runnable task) {
    try {
      task.run();
      return true;
    } catch (ReplicationRefusal e) {
      throw e;
    } catch (RuntimeException e) {
      LOGGER.log(Level.WARNING, "The replica of partition " + id + " cannot be kept", e);
      return false;
    }
  }

  private void keep(Catalog catalog, PartitionEntry entry, List<PartitionEntry> parts) {
    if (!isMade(entry, parts)) {
      return;
    }
    PartitionReplica replica = partitions.replica(entry.id());
    if (replica == null && isWanted(catalog, entry) && mayOpen(catalog, entry)) {
      replica = open(catalog, entry);
    }
    if (replica != null) {
      partitions.suspend(entry.id(), entry.state() == PartitionEntry.State.RETAINED);
      replica.wantIndexes(catalog.revision(), indexes(catalog, entry));
    }
  }

  /// Whether a Partition that others were merged into has their rows here, if their replicas are
  /// here; they have to be made to its replica before that can be opened.
  private boolean isMade(PartitionEntry entry, List<PartitionEntry> parts) {
    if (parts.size() == 2 && parts.stream().allMatch(part -> isHere(part.id()))) {
      return partitions.merge(entry.id(), parts.getFirst().id(), parts.getLast().id());
    }
    return parts.stream()
        .map(part -> partitions.replica(part.id()))
        .allMatch(replica -> replica == null || replica.isSplit());
  }

  private static Map<PartitionId, List<PartitionEntry>> merged(Catalog catalog) {
    var merged = new HashMap<PartitionId, List<PartitionEntry>>();
    for (PartitionEntry entry : catalog.partitions().all()) {
      PartitionId into = entry.parent();
      if (entry.state() == PartitionEntry.State.MERGED && into != null) {
        merged.computeIfAbsent(into, _ -> new ArrayList<>()).add(entry);
      }
    }
    return merged;
  }

  private boolean isHere(PartitionId id) {
    return partitions.replica(id) != null;
  }

  /// Of a Partition whose rows another replica here still has, none may be opened: see [Origins].
  private boolean mayOpen(Catalog catalog, PartitionEntry entry) {
    return switch (entry.state()) {
      case PENDING -> false;
      case MERGED -> true;
      case CREATING, ACTIVE, SPLIT, RETAINED -> Origins.haveSplit(catalog, entry, this::here);
    };
  }

  private Origins.Here here(PartitionId id) {
    PartitionReplica replica = partitions.replica(id);
    if (replica != null) {
      return replica.isSplit() ? Origins.Here.SPLIT : Origins.Here.REPLICA;
    }
    if (host.knownGroups().contains(id.group())) {
      return Origins.Here.REPLICA;
    }
    return partitions.isStored(id) ? Origins.Here.STORED : Origins.Here.NOTHING;
  }

  private boolean isWanted(Catalog catalog, PartitionEntry entry) {
    // Who has a replica of a child before the catalog says where the child is, has it rightly.
    return entry.state() == PartitionEntry.State.PENDING
        || entry.members().contains(self)
        || catalog.operations().values().stream()
            .filter(operation -> operation.state() == OperationEntry.State.RUNNING)
            .map(OperationEntry::operation)
            .anyMatch(operation ->
                operation instanceof Operation.MoveReplica move
                    && move.partition().equals(entry.id())
                    && self.equals(move.add()));
  }

  /// Whether everything is gone that is to go.
  private boolean removeUnwanted(Catalog catalog) {
    boolean all = true;
    Set<GroupId> present = new HashSet<>(host.knownGroups());
    partitions.replicas().forEach(replica -> present.add(replica.id().group()));
    present.remove(GroupId.SYSTEM);
    for (GroupId group : present) {
      PartitionId id = new PartitionId(group.value());
      boolean wanted = catalog.partition(id).filter(entry -> isWanted(catalog, entry)).isPresent();
      if (!wanted && id.value() < catalog.nextId()) {
        all &= tried(id, () -> remove(id));
      }
    }
    return all;
  }

  private void remove(PartitionId id) {
    if (partitions.replica(id) == null) {
      // Left over from before a restart: opened, so that its data is known and can be removed.
      partitions.open(placeholder(id), null);
    }
    LOGGER.log(Level.INFO, "Removing the replica of partition {0}", id);
    partitions.remove(id).join();
  }

  /// A group that the log knows needs only its id to be opened.
  private static PartitionDescriptor placeholder(PartitionId id) {
    return new PartitionDescriptor(
        id, "removed", 0, "removed", Bounds.Range.ALL, Epoch.FIRST, Configuration.EMPTY);
  }

  private PartitionReplica open(Catalog catalog, PartitionEntry entry) {
    // Up to the first epoch the members are those of the creation, the same on each of them.
    boolean first =
        isFirst(catalog, entry.parent())
            && !entry.isMerge()
            && entry.epoch() <= Epoch.FIRST.value()
            && entry.members().contains(self);
    Configuration members =
        Configuration.of(Set.copyOf(entry.voters()), Set.copyOf(entry.learners()));
    PartitionReplica replica =
        partitions.openIfAbsent(
            new PartitionDescriptor(
                entry.id(),
                entry.name(),
                entry.collectionId(),
                entry.collection(),
                entry.bounds(),
                Epoch.FIRST,
                members,
                entry.columnGroupOrNone()),
            first ? members : null);
    if (first && entry.voters().getFirst().equals(self)) {
      replica.group().campaign();
    }
    return replica;
  }

  /// Whether a Partition's replicas begin with nothing: it was declared, or is an interval of a
  /// family.
  private static boolean isFirst(Catalog catalog, @Nullable PartitionId parent) {
    return parent == null || catalog.partition(parent).filter(PartitionEntry::isFamily).isPresent();
  }

  private static List<IndexDefinition> indexes(Catalog catalog, PartitionEntry entry) {
    if (ClaimPartitions.isHidden(entry.collection())) {
      // Joint rows have entries as soon as all of them are there.
      return JointPartitions.indexOf(catalog, entry).stream()
          .filter(index -> !index.state().isBeforeBuilding())
          .filter(index -> isMaintained(catalog, index))
          .map(IndexEntry::definition)
          .toList();
    }
    return catalog.indexesOf(entry.collection()).stream()
        .filter(index ->
            entry.bounds().divides(index.definition())
                ? isAnnounced(catalog, index)
                : entry.bounds().hasFieldsOf(index.definition()) && isMaintained(catalog, index))
        .map(IndexEntry::definition)
        .toList();
  }

  /// A column group that divides an index takes no writes that forget its joint rows: so it has the
  /// index once these can be written, and not any more once the index has failed.
  private static boolean isAnnounced(Catalog catalog, IndexEntry index) {
    return index.state() != IndexEntry.State.FAILED
        && JointPartitions.serve(catalog, index.definition());
  }

  /// A Partition with an index whose terms have to be claimed takes no writes without claims: so it
  /// has the index once there is somebody to claim from, and not any more once the index has
  /// failed.
  private static boolean isMaintained(Catalog catalog, IndexEntry index) {
    return !index.definition().claims()
        || (index.state() != IndexEntry.State.FAILED
            && ClaimPartitions.serve(catalog, index.definition()));
  }

  @Override
  public void close() {
    loop.close();
  }
}
