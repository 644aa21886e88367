package dev.partita.operator.placement;

import java.util.Collection;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Voting replicas that belong on some Sites, on all of these together.
///
/// @param where what declares it, for people
/// @param sites names of the Sites, which may be none; null for all
public record Share(String where, @Nullable SortedSet<String> sites, int replicas) {

  public Share {
    sites = sites == null ? null : Collections.unmodifiableSortedSet(new TreeSet<>(sites));
  }

  /// Replicas anywhere.
  static Share anywhere(int replicas) {
    return new Share("all Sites", null, replicas);
  }

  /// Replicas on one Site.
  public static Share of(String site, int replicas) {
    return new Share("Site " + site, new TreeSet<>(Collections.singleton(site)), replicas);
  }

  /// Replicas on the Sites that have labels.
  ///
  /// @param selector what selects them, for people
  /// @param sites those that it selects now
  public static Share selected(String selector, Collection<String> sites, int replicas) {
    return new Share(
        selector.isEmpty() ? "all Sites" : "the Sites with " + selector,
        new TreeSet<>(sites),
        replicas);
  }

  boolean has(String site) {
    return sites == null || sites.contains(site);
  }
}
