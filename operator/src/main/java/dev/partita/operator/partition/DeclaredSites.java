package dev.partita.operator.partition;

import dev.partita.crd.Site;
import dev.partita.crd.SiteSelector;
import dev.partita.operator.placement.Selectors;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What Partitions have to know of the Sites of their namespace.
///
/// @param labels by name of the Site
/// @param edge names of those whose nodes hold no replicas that vote
record DeclaredSites(Map<String, Map<String, String>> labels, Set<String> edge) {

  /// There are none, as far as anybody knows.
  static final DeclaredSites NONE = new DeclaredSites(Map.of(), Set.of());

  DeclaredSites {
    labels = Map.copyOf(labels);
    edge = Set.copyOf(edge);
  }

  static DeclaredSites of(Stream<Site> sites) {
    Map<String, Map<String, String>> labels = new TreeMap<>();
    Set<String> edge = new TreeSet<>();
    sites.forEach(site -> {
      String name = site.getMetadata().getName();
      labels.put(name, labels(site));
      if (site.getSpec().edge()) {
        edge.add(name);
      }
    });
    return new DeclaredSites(labels, edge);
  }

  /// Whether a Site is another one than before, as far as Partitions are concerned.
  static boolean isOther(Site now, Site before) {
    return !labels(now).equals(labels(before))
        || !now.getSpec().edge().equals(before.getSpec().edge());
  }

  private static Map<String, String> labels(Site site) {
    return Map.copyOf(Objects.requireNonNullElse(site.getMetadata().getLabels(), Map.of()));
  }

  Map<String, String> labels(String site) {
    return labels.getOrDefault(site, Map.of());
  }

  /// Names of the Sites that a selector selects for replicas that vote. These are none at the edge,
  /// unless it selects no others.
  SortedSet<String> selectedForVoters(SiteSelector selector) {
    SortedSet<String> all = selected(selector);
    SortedSet<String> voting = new TreeSet<>(all);
    voting.removeAll(edge);
    return voting.isEmpty() ? all : voting;
  }

  /// Names of the edge Sites that a selector selects.
  SortedSet<String> selectedForCopies(SiteSelector selector) {
    SortedSet<String> copies = selected(selector);
    copies.retainAll(edge);
    return copies;
  }

  private SortedSet<String> selected(SiteSelector selector) {
    return labels.entrySet().stream()
        .filter(site -> Selectors.matches(selector, site.getValue()))
        .map(Map.Entry::getKey)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
