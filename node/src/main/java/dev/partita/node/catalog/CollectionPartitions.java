package dev.partita.node.catalog;

import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.RowKeys;
import dev.partita.node.partition.Bounds;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/// The visible Partitions of one collection, indexed by what they own. Bounds do not overlap, so a
/// key has at most one owner: of ranges the one with the greatest start that is not above the key,
/// of hash partitions the one with the remainder of the key's hash, for one of the few moduli in
/// use.
record CollectionPartitions(
    List<PartitionEntry> visible,
    List<PartitionEntry> families,
    NavigableMap<Datum.Composite, PartitionEntry> byStart,
    Map<Integer, Map<Integer, PartitionEntry>> byRemainder) {

  /// Below the tuple of every key.
  private static final Datum.Composite OPEN = new Datum.Composite(List.of());

  static CollectionPartitions of(List<PartitionEntry> entries) {
    List<PartitionEntry> visible = entries.stream().filter(PartitionEntry::isRouted).toList();
    NavigableMap<Datum.Composite, PartitionEntry> byStart = new TreeMap<>();
    Map<Integer, Map<Integer, PartitionEntry>> byRemainder = new HashMap<>();
    for (PartitionEntry entry : visible) {
      switch (entry.bounds()) {
        case Bounds.Range range -> byStart.put(start(range), entry);
        case Bounds.Interval interval -> byStart.put(tuple(Datum.of(interval.first())), entry);
        case Bounds.Hash(int modulus, int remainder) ->
            byRemainder.computeIfAbsent(modulus, _ -> new HashMap<>()).put(remainder, entry);
        case Bounds.Columns _, Bounds.Family _ -> {}
      }
    }
    List<PartitionEntry> families =
        entries.stream().filter(entry -> entry.isFamily() && entry.isVisible()).toList();
    return new CollectionPartitions(visible, families, byStart, byRemainder);
  }

  Optional<PartitionEntry> owner(PrimaryKey key) {
    if (!byStart.isEmpty()) {
      var floor = byStart.floorEntry(new Datum.Composite(key.parts()));
      return Optional.ofNullable(floor)
          .map(Map.Entry::getValue)
          .filter(entry -> entry.bounds().contains(key));
    }
    long hash = byRemainder.isEmpty() ? 0 : RowKeys.hash(key.partitionKey());
    for (var remainders : byRemainder.entrySet()) {
      PartitionEntry entry = remainders.getValue().get((int) (hash % remainders.getKey()));
      if (entry != null) {
        return Optional.of(entry);
      }
    }
    return Optional.empty();
  }

  private static Datum.Composite start(Bounds.Range range) {
    return range.start() == null ? OPEN : tuple(range.start());
  }

  private static Datum.Composite tuple(Datum bound) {
    return bound instanceof Datum.Composite composite
        ? composite
        : new Datum.Composite(List.of(bound));
  }
}
