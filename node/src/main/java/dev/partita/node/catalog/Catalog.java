package dev.partita.node.catalog;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Everything that the system partition knows, at one revision. Immutable; the maps iterate in the
/// order of their keys.
///
/// @param revision counts the changes that someone could see; reserving timestamps is none
/// @param nextId next id of a Partition, collection or index; never goes back
/// @param clusterId null until the cluster is founded
/// @param window the timestamps that may have been handed out
/// @param partitions with the retained ones
/// @param indexes by name
/// @param operations by id
/// @param requests by id
/// @param accounts users and their tokens
/// @param settings what holds for everybody
/// @param recoveries by id
public record Catalog(
    long revision,
    long nextId,
    @Nullable String clusterId,
    TimestampWindow window,
    NavigableMap<NodeId, NodeEntry> nodes,
    NavigableMap<String, CollectionEntry> collections,
    PartitionMap partitions,
    NavigableMap<String, IndexEntry> indexes,
    NavigableMap<String, OperationEntry> operations,
    NavigableMap<String, ResourceRequest> requests,
    Accounts accounts,
    DatabaseSettings settings,
    NavigableMap<String, RecoveryEntry> recoveries) {

  /// The catalog before the first command.
  public static final Catalog EMPTY =
      new Catalog(
          0,
          1,
          null,
          TimestampWindow.NONE,
          Collections.emptyNavigableMap(),
          Collections.emptyNavigableMap(),
          PartitionMap.EMPTY,
          Collections.emptyNavigableMap(),
          Collections.emptyNavigableMap(),
          Collections.emptyNavigableMap(),
          Accounts.NONE,
          DatabaseSettings.DEFAULT,
          Collections.emptyNavigableMap());

  public Catalog {
    nodes = Collections.unmodifiableNavigableMap(nodes);
    collections = Collections.unmodifiableNavigableMap(collections);
    indexes = Collections.unmodifiableNavigableMap(indexes);
    operations = Collections.unmodifiableNavigableMap(operations);
    requests = Collections.unmodifiableNavigableMap(requests);
    recoveries = Collections.unmodifiableNavigableMap(recoveries);
  }

  /// The Partition of this resource name that clients can see.
  public Optional<PartitionEntry> partition(String name) {
    return partitions.named(name).filter(PartitionEntry::isVisible);
  }

  /// What a Partition was split into, or is to be, in the order of their ids; empty if it was not.
  public List<PartitionEntry> children(PartitionId parent) {
    return SplitTransitions.children(this, parent).stream()
        .filter(child -> child.state() != PartitionEntry.State.MERGED)
        .filter(child -> child.state() != PartitionEntry.State.PENDING || !child.isMerge())
        .toList();
  }

  /// The Partition that the parts of one are to be merged into, if that is recorded and not done.
  public Optional<PartitionEntry> pendingMerge(PartitionId split) {
    return SplitTransitions.children(this, split).stream()
        .filter(child -> child.state() == PartitionEntry.State.PENDING && child.isMerge())
        .findFirst();
  }

  /// The Partitions whose rows one has by now and that are not forgotten yet.
  public List<PartitionEntry> merged(PartitionId into) {
    return SplitTransitions.children(this, into).stream()
        .filter(child -> child.state() == PartitionEntry.State.MERGED)
        .toList();
  }

  /// The Partitions that have the rows of one that may have been split: itself if it was not.
  public List<PartitionEntry> leaves(PartitionEntry root) {
    return SplitTransitions.tree(this, root).stream().filter(PartitionEntry::isRouted).toList();
  }

  /// The Partition of this id, retained or not.
  public Optional<PartitionEntry> partition(PartitionId id) {
    return partitions.byId(id);
  }

  /// The Partition that answers for the one of this id: itself, or the one that it was merged into.
  public Optional<PartitionEntry> answering(PartitionId id) {
    Optional<PartitionEntry> own = partitions.byId(id);
    if (own.isPresent() && own.get().state() != PartitionEntry.State.MERGED) {
      return own;
    }
    return partitions.all().stream()
        .filter(entry -> entry.state() != PartitionEntry.State.PENDING)
        .filter(entry -> entry.absorbed().contains(id))
        .findFirst();
  }

  /// A timestamp before which nothing was written to a Partition that this catalog does not know or
  /// does not know to serve: such a one gets all its timestamps after this catalog's window was
  /// reserved.
  public Timestamp complete() {
    return window.start();
  }

  /// The indexes of a collection, by name.
  public List<IndexEntry> indexesOf(String collection) {
    return indexes.values().stream()
        .filter(index -> index.definition().collection().equals(collection))
        .toList();
  }

  /// The Partitions whose rows have entries in an index, as clients are routed to them: all of its
  /// collection, the column group that has its fields, or the Partition of its joint rows.
  public List<PartitionEntry> partitionsOf(IndexDefinition index) {
    if (JointPartitions.isJoint(this, index)) {
      return JointPartitions.of(this, index);
    }
    return partitions.of(index.collection()).stream()
        .filter(entry -> entry.bounds().hasFieldsOf(index))
        .toList();
  }

  /// The index of this id.
  public Optional<IndexEntry> index(long id) {
    return indexes.values().stream().filter(index -> index.definition().id() == id).findFirst();
  }

  /// What would come of a command now.
  public CatalogResult trial(CatalogCommand command) {
    return CatalogRules.apply(this, command).result();
  }

  /// Whether the node is registered and was not removed.
  public boolean hasMember(NodeId node) {
    NodeEntry entry = nodes.get(node);
    return entry != null && entry.state() != NodeEntry.State.GONE;
  }

  Catalog withRevision(long next) {
    return new Catalog(
        next,
        nextId,
        clusterId,
        window,
        nodes,
        collections,
        partitions,
        indexes,
        operations,
        requests,
        accounts,
        settings,
        recoveries);
  }

  Catalog withNextId(long next) {
    return new Catalog(
        revision,
        next,
        clusterId,
        window,
        nodes,
        collections,
        partitions,
        indexes,
        operations,
        requests,
        accounts,
        settings,
        recoveries);
  }

  Catalog withClusterId(String id) {
    return new Catalog(
        revision,
        nextId,
        id,
        window,
        nodes,
        collections,
        partitions,
        indexes,
        operations,
        requests,
        accounts,
        settings,
        recoveries);
  }

  Catalog withWindow(TimestampWindow next) {
    return new Catalog(
        revision,
        nextId,
        clusterId,
        next,
        nodes,
        collections,
        partitions,
        indexes,
        operations,
        requests,
        accounts,
        settings,
        recoveries);
  }

  Catalog withNode(NodeEntry node) {
    return new Catalog(
        revision,
        nextId,
        clusterId,
        window,
        with(nodes, node.id(), node),
        collections,
        partitions,
        indexes,
        operations,
        requests,
        accounts,
        settings,
        recoveries);
  }

  Catalog withCollection(CollectionEntry collection) {
    return withCollections(with(collections, collection.name(), collection));
  }

  Catalog withoutCollection(String name) {
    return withCollections(without(collections, name));
  }

  private Catalog withCollections(NavigableMap<String, CollectionEntry> next) {
    return new Catalog(
        revision,
        nextId,
        clusterId,
        window,
        nodes,
        next,
        partitions,
        indexes,
        operations,
        requests,
        accounts,
        settings,
        recoveries);
  }

  Catalog withPartitions(PartitionMap next) {
    return new Catalog(
        revision,
        nextId,
        clusterId,
        window,
        nodes,
        collections,
        next,
        indexes,
        operations,
        requests,
        accounts,
        settings,
        recoveries);
  }

  Catalog withIndex(IndexEntry index) {
    return withIndexes(with(indexes, index.definition().name(), index));
  }

  Catalog withoutIndex(String name) {
    return withIndexes(without(indexes, name));
  }

  private Catalog withIndexes(NavigableMap<String, IndexEntry> next) {
    return new Catalog(
        revision,
        nextId,
        clusterId,
        window,
        nodes,
        collections,
        partitions,
        next,
        operations,
        requests,
        accounts,
        settings,
        recoveries);
  }

  Catalog withOperation(OperationEntry operation) {
    return withOperations(with(operations, operation.id(), operation));
  }

  Catalog withoutOperation(String id) {
    return withOperations(without(operations, id));
  }

  private Catalog withOperations(NavigableMap<String, OperationEntry> next) {
    return new Catalog(
        revision,
        nextId,
        clusterId,
        window,
        nodes,
        collections,
        partitions,
        indexes,
        next,
        requests,
        accounts,
        settings,
        recoveries);
  }

  Catalog withRequest(ResourceRequest request) {
    return withRequests(with(requests, request.id(), request));
  }

  Catalog withoutRequest(String id) {
    return withRequests(without(requests, id));
  }

  private Catalog withRequests(NavigableMap<String, ResourceRequest> next) {
    return new Catalog(
        revision,
        nextId,
        clusterId,
        window,
        nodes,
        collections,
        partitions,
        indexes,
        operations,
        next,
        accounts,
        settings,
        recoveries);
  }

  Catalog withAccounts(Accounts next) {
    return new Catalog(
        revision,
        nextId,
        clusterId,
        window,
        nodes,
        collections,
        partitions,
        indexes,
        operations,
        requests,
        next,
        settings,
        recoveries);
  }

  Catalog withSettings(DatabaseSettings next) {
    return new Catalog(
        revision,
        nextId,
        clusterId,
        window,
        nodes,
        collections,
        partitions,
        indexes,
        operations,
        requests,
        accounts,
        next,
        recoveries);
  }

  Catalog withRecovery(RecoveryEntry recovery) {
    return new Catalog(
        revision,
        nextId,
        clusterId,
        window,
        nodes,
        collections,
        partitions,
        indexes,
        operations,
        requests,
        accounts,
        settings,
        with(recoveries, recovery.id(), recovery));
  }

  private static <K extends Comparable<K>, V> NavigableMap<K, V> with(
      Map<K, V> map, K key, V value) {
    NavigableMap<K, V> next = new TreeMap<>(map);
    next.put(key, value);
    return next;
  }

  private static <K extends Comparable<K>, V> NavigableMap<K, V> without(Map<K, V> map, K key) {
    NavigableMap<K, V> next = new TreeMap<>(map);
    next.remove(key);
    return next;
  }
}
