package dev.partita.node.routing;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.ClaimPartitions;
import dev.partita.node.catalog.CollectionEntry;
import dev.partita.node.catalog.Extents;
import dev.partita.node.catalog.IndexEntry;
import dev.partita.node.catalog.JointPartitions;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.catalog.ResourceName;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.Extent;
import dev.partita.node.partition.PartitionCaller;
import dev.partita.node.partition.PartitionClient;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionDirectory;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.raft.NodeId;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Finds Partitions in the catalog, and has requests brought to their leaders by [Calls].
public final class Router implements PartitionCaller, PartitionDirectory {
  private final NodeId self;
  private final Supplier<Catalog> catalog;
  private final Function<NodeId, PartitionClient> clients;
  private final Clock clock;
  private final LikelyLeaders leaders;

  private final KnownEpochs epochs = new KnownEpochs();
  private final KnownSplits splits = new KnownSplits();
  private final KnownIndexes indexes = new KnownIndexes();
  private final Intervals intervals;
  private final NewColumns newColumns;
  private final Calls calls;

  /// @param system has the catalog, and takes requests for new intervals
  /// @param clients how to reach the Partitions of a node
  /// @param alive whether a node was heard of lately: a write is not sent where it would only
  ///   disappear
  public Router(
      NodeId self,
      SystemPartition system,
      Function<NodeId, PartitionClient> clients,
      Predicate<NodeId> alive,
      Clock clock) {
    this.self = self;
    this.catalog = system::catalog;
    this.intervals = new Intervals(system, clock);
    this.newColumns = new NewColumns(system, clock);
    this.clients = clients;
    this.leaders = new LikelyLeaders(self, alive);
    this.clock = clock;
    this.calls = new Calls(self, catalog, clients, leaders, epochs, splits, clock);
  }

  /// The Partition that owns a row. Claims of unique indexes are no rows: see [#claims]. The one of
  /// an interval has to be there: see [#make] and [#readable].
  ///
  /// @throws DatabaseException [ErrorCode#NO_PARTITION], naming collection and key, when there is
  ///   none
  public PartitionDescriptor owner(String collection, PrimaryKey key) {
    return owner(collection, key, !ClaimPartitions.isHidden(collection));
  }

  /// The Partition that has the claim with this key in a unique index.
  public PartitionDescriptor claims(IndexDefinition index, PrimaryKey claim) {
    return owner(ClaimPartitions.collection(index), claim, true);
  }

  private PartitionDescriptor owner(String collection, PrimaryKey key, boolean visible) {
    return present(collection, key)
        .filter(_ -> visible)
        .orElseThrow(() -> uncovered(collection, key));
  }

  private Optional<PartitionDescriptor> present(String collection, PrimaryKey key) {
    return catalog
        .get()
        .partitions()
        .owner(collection, key)
        .map(this::descriptor)
        .map(partition -> splits.owner(partition, key));
  }

  private static DatabaseException uncovered(String collection, PrimaryKey key) {
    return new DatabaseException(
            ErrorCode.NO_PARTITION, "no partition of the collection covers the key")
        .with("collection", collection)
        .with("key", key);
  }

  /// Has the Partitions made that rows with these keys are to be written to, as far as they are of
  /// intervals that have none.
  ///
  /// @throws DatabaseException `UNAVAILABLE` or `OVERLOADED` if they do not serve in time
  public void make(String collection, Collection<PrimaryKey> keys, Deadline deadline) {
    intervals.make(collection, keys, deadline);
  }

  /// The Partition to read a row from, null if there is surely no row: none that can be read now,
  /// or at a timestamp, was ever written to its interval.
  ///
  /// @throws DatabaseException [ErrorCode#NO_PARTITION] if no Partition and no family covers the
  ///   key
  public @Nullable PartitionDescriptor readable(
      String collection, PrimaryKey key, @Nullable Timestamp at, Deadline deadline) {
    if (having(collection, key).isEmpty()) {
      intervals.catchUp(at, deadline);
    }
    List<PartitionDescriptor> found = having(collection, key);
    return found.isEmpty() ? null : found.getFirst();
  }

  /// The Partition that has a row, as far as is known here; empty if its interval has none.
  ///
  /// @throws DatabaseException [ErrorCode#NO_PARTITION] if no Partition and no family covers the
  ///   key
  public List<PartitionDescriptor> having(String collection, PrimaryKey key) {
    Optional<PartitionDescriptor> present =
        ClaimPartitions.isHidden(collection) ? Optional.empty() : present(collection, key);
    if (present.isEmpty() && catalog.get().partitions().family(collection, key).isEmpty()) {
      // One that was made or dropped between the two looks is found at the second one.
      return List.of(owner(collection, key));
    }
    return present.stream().toList();
  }

  /// Whether a Partition has a row, as far as is known here.
  public boolean hasPartition(String collection, PrimaryKey key) {
    return !ClaimPartitions.isHidden(collection) && present(collection, key).isPresent();
  }

  @Override
  public boolean exists(String collection) {
    return !ClaimPartitions.isHidden(collection)
        && !(partitions(collection).isEmpty()
            && catalog.get().partitions().families(collection).isEmpty());
  }

  @Override
  public @Nullable ColumnGroups columnGroups(String collection) {
    CollectionEntry entry = catalog.get().collections().get(collection);
    return entry == null || entry.partitioning() != CollectionEntry.Partitioning.COLUMNS
        ? null
        : ColumnGroups.of(collection, partitions(collection));
  }

  @Override
  public @Nullable ColumnGroups columnGroups(
      String collection, Collection<String> columns, Deadline deadline) {
    ColumnGroups known = columnGroups(collection);
    if (known == null || known.lacking(columns).isEmpty()) {
      return known;
    }
    intervals.catchUp(null, deadline);
    newColumns.await(collection, columns, deadline);
    return columnGroups(collection);
  }

  @Override
  public @Nullable Long collectionId(String collection) {
    CollectionEntry entry = catalog.get().collections().get(collection);
    return entry == null || !exists(collection) ? null : entry.id();
  }

  @Override
  public void catchUp(Timestamp at, Deadline deadline) {
    intervals.catchUp(at, deadline);
  }

  /// The interval of a family that a key lies in; null if there is none, so that it can never have
  /// a Partition.
  public Bounds.@Nullable Interval interval(String collection, PrimaryKey key) {
    return Intervals.interval(catalog.get(), collection, key);
  }

  /// A range and the Partitions that serve it, as this node knows; null if they have all that there
  /// can be.
  public @Nullable Extent extent(
      String collection, @Nullable PrimaryKey start, @Nullable PrimaryKey end) {
    return Extents.of(catalog.get(), collection, start, end);
  }

  /// How transactions commit that do not say how.
  public CommitProtocolKind commitProtocol() {
    return catalog.get().settings().commitProtocol();
  }

  /// The indexes of a collection in which whoever writes its rows has to claim their terms. The
  /// collection may be the hidden one of joint rows.
  public List<IndexDefinition> uniqueIndexes(String collection) {
    return indexes.unique(catalog.get(), collection);
  }

  /// The indexes of a collection whose fields lie in several column groups, as far as their joint
  /// rows can be written: whoever writes documents has to.
  public List<JointIndex> jointIndexes(String collection) {
    Catalog present = catalog.get();
    List<IndexDefinition> joint = indexes.joint(present, collection);
    return joint.isEmpty()
        ? List.of()
        : joint.stream()
            .map(index ->
                new JointIndex(
                    index,
                    descriptor(present.partitionsOf(index).getFirst()),
                    JointPartitions.groups(present, index).stream()
                        .filter(entry -> entry.state() == PartitionEntry.State.ACTIVE)
                        .map(this::descriptor)
                        .toList()))
            .toList();
  }

  /// The one of these with this id, null if there is none.
  public @Nullable JointIndex jointIndex(IndexDefinition index) {
    return jointIndexes(index.collection()).stream()
        .filter(joint -> joint.definition().id() == index.id())
        .findFirst()
        .orElse(null);
  }

  @Override
  public List<PartitionDescriptor> partitions(IndexDefinition index) {
    Catalog present = catalog.get();
    IndexEntry known = present.indexes().get(index.name());
    if (known == null) {
      throw new DatabaseException(ErrorCode.UNKNOWN_INDEX, "the index does not exist")
          .with("index", index.name());
    }
    if (!JointPartitions.isJoint(present, known.definition())
        && known.definition().id() == index.id()) {
      return partitions(index.collection()).stream()
          .filter(partition -> partition.bounds().hasFieldsOf(index))
          .toList();
    }
    if (known.definition().id() != index.id()
        || !JointPartitions.serve(present, known.definition())) {
      throw new DatabaseException(
              ErrorCode.INDEX_NOT_READY, "the index is being made of its column groups")
          .with("index", index.name());
    }
    return present.partitionsOf(index).stream().map(this::descriptor).toList();
  }

  /// Whether a row with this key and the fields of an index is kept although no Partition serves
  /// it.
  public boolean isRetained(IndexDefinition index, PrimaryKey key) {
    return catalog.get().partitions().all().stream()
        .anyMatch(entry ->
            entry.state() == PartitionEntry.State.RETAINED
                && entry.collection().equals(index.collection())
                && entry.bounds().contains(key)
                && entry.bounds().hasFieldsOf(index));
  }

  @Override
  public List<PartitionDescriptor> partitions(String collection) {
    if (ClaimPartitions.isHidden(collection)) {
      return List.of();
    }
    return catalog.get().partitions().of(collection).stream()
        .filter(entry -> entry.state() == PartitionEntry.State.ACTIVE)
        .map(this::descriptor)
        .flatMap(splits::leaves)
        .distinct()
        .toList();
  }

  @Override
  public @Nullable PartitionDescriptor partition(String name) {
    Catalog present = catalog.get();
    return present
        .partition(name)
        .or(() -> present.partition(ResourceName.of(name).value()))
        .map(this::descriptor)
        .orElse(null);
  }

  @Override
  public @Nullable PartitionDescriptor partition(PartitionId id) {
    Catalog present = catalog.get();
    PartitionEntry entry = present.answering(id).orElse(null);
    while (entry != null && entry.state() == PartitionEntry.State.SPLIT) {
      List<PartitionEntry> children = present.children(entry.id());
      entry = children.isEmpty() ? null : children.getFirst();
    }
    return entry == null ? null : splits.heir(descriptor(entry));
  }

  @Override
  public List<PartitionDescriptor> leaves(String name) {
    Catalog present = catalog.get();
    return present
        .partition(name)
        .or(() -> present.partition(ResourceName.of(name).value()))
        .map(present::leaves)
        .orElse(List.of())
        .stream()
        .map(this::descriptor)
        .flatMap(splits::leaves)
        .distinct()
        .toList();
  }

  @Override
  public @Nullable IndexDefinition index(String name) {
    Catalog present = catalog.get();
    IndexEntry entry = present.indexes().get(name);
    if (entry == null) {
      entry = present.indexes().get(ResourceName.of(name).value());
    }
    return entry == null ? null : entry.definition();
  }

  private PartitionDescriptor descriptor(PartitionEntry entry) {
    return epochs.descriptor(entry);
  }

  @Override
  public Response call(PartitionDescriptor partition, Request request, Deadline deadline) {
    return calls.call(partition, request, deadline);
  }

  /// Up to which timestamp a collection can be read at this node's replicas, as far as it has some
  /// and does not lead them; null if it has none. Unless there can be no other Partitions, it is
  /// sure that there are none only up to when the catalog of this node is complete.
  public @Nullable Timestamp readableUpTo(String collection) {
    Timestamp readable = readableUpTo(partitions(collection));
    return readable == null || extent(collection, null, null) == null
        ? readable
        : Timestamp.earlier(readable, catalog.get().complete().previous());
  }

  /// Up to which timestamp Partitions can be read at this node's replicas, as above.
  public @Nullable Timestamp readableUpTo(List<PartitionDescriptor> partitions) {
    PartitionClient here = clients.apply(self);
    return partitions.stream()
        .map(partition -> here.readableUpTo(partition.id()))
        .filter(Objects::nonNull)
        .min(Comparator.naturalOrder())
        .orElse(null);
  }

  @Override
  public boolean mayExist(PartitionId id) {
    return id.value() >= catalog.get().nextId();
  }

  /// Forgets what was learnt about Partitions that are not in the catalog any more.
  public void forget(Catalog present) {
    leaders.forget(present);
    epochs.forget(present);
    splits.forget(present, clock.monotonicNanos());
  }
}
