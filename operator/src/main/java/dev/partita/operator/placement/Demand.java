package dev.partita.operator.placement;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a Partition wants, and where its replicas are.
///
/// @param replicas how many; the sum of `shares` where there are any
/// @param shares replicas by Sites; anywhere when empty
/// @param rules what else it declares about the places of its replicas
/// @param current ids of the nodes that hold a replica
/// @param bytes size of one replica
/// @param isFixed its replicas count as load, but are left where they are
/// @param with the Partition on whose nodes its replicas are to be, because they are to be merged;
///   its own name where it stays for that where it is; null where it goes its own way
public record Demand(
    String partition,
    int replicas,
    List<Share> shares,
    Rules rules,
    List<String> current,
    long bytes,
    boolean isFixed,
    @Nullable String with) {

  public Demand {
    shares = List.copyOf(shares);
    current = List.copyOf(current);
  }

  /// The demand of a Partition that is to be placed.
  public static Demand of(
      String partition, int replicas, Map<String, Integer> bySite, List<String> current) {
    return of(partition, replicas, bySite, Rules.NONE, current);
  }

  /// The demand of a Partition that is to be placed by rules.
  public static Demand of(
      String partition,
      int replicas,
      Map<String, Integer> bySite,
      Rules rules,
      List<String> current) {
    List<Share> shares =
        new TreeMap<>(bySite)
            .entrySet().stream().map(each -> Share.of(each.getKey(), each.getValue())).toList();
    return of(partition, replicas, shares, rules, current);
  }

  /// The demand of a Partition that is to be placed by shares and rules.
  public static Demand of(
      String partition, int replicas, List<Share> shares, Rules rules, List<String> current) {
    return new Demand(partition, replicas, shares, rules, current, 0, false, null);
  }

  /// The same, with replicas of this size.
  public Demand sized(long size) {
    return new Demand(partition, replicas, shares, rules, current, size, isFixed, with);
  }

  /// A Partition that stays where it is.
  public static Demand fixed(String partition, List<String> current) {
    return new Demand(partition, current.size(), List.of(), Rules.NONE, current, 0, true, null);
  }

  /// The same, on the nodes of another Partition.
  public Demand with(@Nullable String other) {
    return new Demand(partition, replicas, shares, rules, current, bytes, isFixed, other);
  }
}
