package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.replication.StateMachine;
import dev.partita.node.storage.rocksdb.RocksDbSettings;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.SystemClock;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/// One node with real storage and replicas, each in a group of its own.
public final class TestNode
    implements GroupHost, PartitionDirectory, PartitionCaller, AutoCloseable {

  public static final SystemClock CLOCK = new SystemClock();

  public final CountingOracle oracle = new CountingOracle();
  public final RocksDbStorage storage;
  public final LocalPartitions partitions;
  private final Map<GroupId, LocalRaftGroup> groups = new ConcurrentHashMap<>();
  private final List<IndexDefinition> indexes = new CopyOnWriteArrayList<>();
  private long revision = 1;
  private volatile Extent.Watch watch = Extent.Watch.NOTHING;
  private volatile Consumer<Timestamp> catchUp = _ -> {};

  public TestNode(Path directory) {
    this(directory, PartitionSettings.DEFAULT);
  }

  public TestNode(Path directory, PartitionSettings settings) {
    storage = storage(directory);
    partitions =
        new LocalPartitions(
            this,
            storage,
            oracle,
            CLOCK,
            settings,
            OperationListener.NONE,
            extent -> watch.hasGrown(extent));
  }

  @Override
  public NodeId self() {
    return LocalRaftGroup.SELF;
  }

  /// Has something happen whenever somebody makes sure that all partitions are known.
  public void onCatchUp(Consumer<Timestamp> newCatchUp) {
    catchUp = newCatchUp;
  }

  @Override
  public void catchUp(Timestamp at, Deadline deadline) {
    catchUp.accept(at);
  }

  /// Says from now on which Partitions have come to be.
  void watch(Extent.Watch newWatch) {
    watch = newWatch;
  }

  public static RocksDbStorage storage(Path directory) {
    return RocksDbStorage.open(
        RocksDbSettings.of(directory).withLibraryDirectory(Path.of("target", "native")));
  }

  public static PartitionDescriptor descriptor(long id, String collection, Bounds bounds) {
    return new PartitionDescriptor(
        new PartitionId(id),
        collection + "-" + id,
        collection.hashCode() & 0xffff_ffffL,
        collection,
        bounds,
        Epoch.FIRST,
        LocalRaftGroup.MEMBERS,
        bounds instanceof Bounds.Columns ? Math.toIntExact(id) : 0);
  }

  /// Opens a replica and waits until it serves.
  public PartitionReplica open(PartitionDescriptor descriptor) {
    PartitionReplica replica = partitions.open(descriptor, LocalRaftGroup.MEMBERS);
    group(descriptor.id()).lead();
    awaitServing(replica);
    return replica;
  }

  public static void awaitServing(PartitionReplica replica) {
    Awaitility.await()
        .until(() -> replica.report().serving() && replica.state().descriptor() != null);
  }

  public LocalRaftGroup group(PartitionId id) {
    LocalRaftGroup group = groups.get(id.group());
    if (group == null) {
      throw new IllegalStateException("no group " + id);
    }
    return group;
  }

  /// Makes the index one of its collection's partitions; they build it in the background.
  public void addIndex(IndexDefinition index) {
    indexes.add(index);
    wantIndexes();
  }

  public void dropIndex(IndexDefinition index) {
    indexes.remove(index);
    wantIndexes();
  }

  private void wantIndexes() {
    revision++;
    for (PartitionReplica replica : partitions.replicas()) {
      PartitionDescriptor descriptor = replica.state().descriptor();
      if (descriptor != null) {
        replica.wantIndexes(
            revision,
            indexes.stream()
                .filter(index -> index.collection().equals(descriptor.collection()))
                .filter(index -> knows(descriptor, index))
                .toList());
      }
    }
  }

  private static boolean knows(PartitionDescriptor descriptor, IndexDefinition index) {
    return descriptor.bounds().hasFieldsOf(index) || descriptor.bounds().divides(index);
  }

  public void awaitReady(IndexDefinition index) {
    Awaitility.await()
        .until(() ->
            partitions(index.collection()).stream()
                .filter(descriptor -> knows(descriptor, index))
                .map(descriptor -> partitions.replica(descriptor.id()))
                .allMatch(replica ->
                    replica != null
                        && replica.report().indexes().stream()
                            .anyMatch(report -> report.id() == index.id() && report.ready())));
  }

  @Override
  public ReplicationGroup open(
      GroupId id, StateMachine machine, @Nullable Configuration bootstrap) {
    var group = new LocalRaftGroup(id, machine);
    groups.put(id, group);
    return group;
  }

  @Override
  public CompletableFuture<Void> remove(GroupId id) {
    LocalRaftGroup group = groups.remove(id);
    if (group != null) {
      group.close();
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public boolean isRemoved(GroupId id) {
    return false; // remembers nothing
  }

  @Override
  public List<PartitionDescriptor> partitions(String collection) {
    return partitions.replicas().stream()
        .map(replica -> replica.state().descriptor())
        .filter(descriptor -> descriptor != null && descriptor.collection().equals(collection))
        .toList();
  }

  @Override
  public @Nullable PartitionDescriptor partition(String name) {
    for (PartitionReplica replica : partitions.replicas()) {
      PartitionDescriptor descriptor = replica.state().descriptor();
      if (descriptor != null && descriptor.name().equals(name)) {
        return descriptor;
      }
    }
    return null;
  }

  @Override
  public @Nullable PartitionDescriptor partition(PartitionId id) {
    PartitionReplica replica = partitions.replica(id);
    return replica == null ? null : replica.state().descriptor();
  }

  @Override
  public @Nullable IndexDefinition index(String name) {
    for (IndexDefinition index : indexes) {
      if (index.name().equals(name)) {
        return index;
      }
    }
    return null;
  }

  @Override
  public Response call(PartitionDescriptor partition, Request request, Deadline deadline) {
    return partitions.handle(request, deadline).join();
  }

  public Response call(Request request) {
    return partitions.handle(request, soon()).join();
  }

  /// A deadline that a test never waits for in vain.
  public static Deadline soon() {
    return Deadline.after(Duration.ofSeconds(20), CLOCK);
  }

  @Override
  public void close() {
    partitions.close();
    groups.values().forEach(LocalRaftGroup::close);
    storage.close();
  }
}
