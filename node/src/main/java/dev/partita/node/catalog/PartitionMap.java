package dev.partita.node.catalog;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// All Partitions of a cluster, found by id, by name, and by the key they own. Immutable; a changed
/// copy rebuilds the index of the one collection that it touches.
public final class PartitionMap {
  /// No Partitions.
  public static final PartitionMap EMPTY =
      new PartitionMap(Collections.emptyNavigableMap(), Map.of(), Map.of());

  private final NavigableMap<PartitionId, PartitionEntry> byId;
  private final Map<String, PartitionEntry> byName;
  private final Map<String, CollectionPartitions> byCollection;

  private PartitionMap(
      NavigableMap<PartitionId, PartitionEntry> byId,
      Map<String, PartitionEntry> byName,
      Map<String, CollectionPartitions> byCollection) {
    this.byId = byId;
    this.byName = byName;
    this.byCollection = byCollection;
  }

  static PartitionMap of(Collection<PartitionEntry> entries) {
    NavigableMap<PartitionId, PartitionEntry> byId = new TreeMap<>();
    Map<String, PartitionEntry> byName = new HashMap<>();
    Map<String, List<PartitionEntry>> members = new HashMap<>();
    for (PartitionEntry entry : entries) {
      byId.put(entry.id(), entry);
      byName.put(entry.name(), entry);
      members.computeIfAbsent(entry.collection(), _ -> new ArrayList<>()).add(entry);
    }
    Map<String, CollectionPartitions> byCollection = new HashMap<>();
    members.forEach((name, list) -> byCollection.put(name, CollectionPartitions.of(list)));
    return new PartitionMap(byId, byName, byCollection);
  }

  /// All of them, oldest first.
  public Collection<PartitionEntry> all() {
    return Collections.unmodifiableCollection(byId.values());
  }

  public Optional<PartitionEntry> byId(PartitionId id) {
    return Optional.ofNullable(byId.get(id));
  }

  public Optional<PartitionEntry> named(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /// The Partitions of a collection that clients are routed to, oldest first.
  public List<PartitionEntry> of(String collection) {
    CollectionPartitions partitions = byCollection.get(collection);
    return partitions == null ? List.of() : partitions.visible();
  }

  /// The Partition that owns a row. Takes time logarithmic in the number of Partitions of the
  /// collection.
  public Optional<PartitionEntry> owner(String collection, PrimaryKey key) {
    CollectionPartitions partitions = byCollection.get(collection);
    return partitions == null ? Optional.empty() : partitions.owner(key);
  }

  /// The family that a row belongs to, whether or not the Partition of its interval is there.
  public Optional<PartitionEntry> family(String collection, PrimaryKey key) {
    return families(collection).stream()
        .filter(family -> family.bounds().contains(key))
        .findFirst();
  }

  /// The families of a collection that clients can see.
  public List<PartitionEntry> families(String collection) {
    CollectionPartitions partitions = byCollection.get(collection);
    return partitions == null ? List.of() : partitions.families();
  }

  /// A Partition of the collection, retained or not, that shares a key with the bounds.
  Optional<PartitionEntry> overlapping(String collection, Bounds bounds) {
    return byId.values().stream()
        .filter(entry -> entry.collection().equals(collection))
        .filter(entry -> entry.bounds().overlaps(bounds))
        .findFirst();
  }

  PartitionMap with(PartitionEntry entry) {
    NavigableMap<PartitionId, PartitionEntry> next = new TreeMap<>(byId);
    PartitionEntry former = next.put(entry.id(), entry);
    return rebuilt(next, former == null ? entry : former, entry);
  }

  PartitionMap without(PartitionEntry entry) {
    NavigableMap<PartitionId, PartitionEntry> next = new TreeMap<>(byId);
    next.remove(entry.id());
    return rebuilt(next, entry, null);
  }

  private PartitionMap rebuilt(
      NavigableMap<PartitionId, PartitionEntry> next,
      PartitionEntry former,
      @Nullable PartitionEntry changed) {
    Map<String, PartitionEntry> names = new HashMap<>(byName);
    names.remove(former.name());
    if (changed != null) {
      names.put(changed.name(), changed);
    }
    Map<String, CollectionPartitions> collections = new HashMap<>(byCollection);
    CollectionPartitions partitions =
        CollectionPartitions.of(
            next.values().stream()
                .filter(entry -> entry.collection().equals(former.collection()))
                .toList());
    collections.put(former.collection(), partitions);
    return new PartitionMap(next, names, collections);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PartitionMap map && byId.equals(map.byId);
  }

  @Override
  public int hashCode() {
    return byId.hashCode();
  }

  @Override
  public String toString() {
    return byId.values().toString();
  }
}
