package dev.partita.node.routing;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.ClaimPartitions;
import dev.partita.node.catalog.IndexEntry;
import dev.partita.node.catalog.JointPartitions;
import dev.partita.node.index.IndexDefinition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The indexes of the newest catalog that whoever writes documents has to see to, by collection:
/// every write asks for them. Thread-safe.
final class KnownIndexes {

  private record Known(
      Catalog catalog,
      Map<String, List<IndexDefinition>> unique,
      Map<String, List<IndexDefinition>> joint) {}

  private volatile Known known = new Known(Catalog.EMPTY, Map.of(), Map.of());

  /// The unique ones, whose terms are claimed: of rows of a collection, which may be one of joint
  /// rows.
  List<IndexDefinition> unique(Catalog catalog, String collection) {
    return of(catalog).unique().getOrDefault(collection, List.of());
  }

  /// Those of documents of a collection that are made of joint rows.
  List<IndexDefinition> joint(Catalog catalog, String collection) {
    return of(catalog).joint().getOrDefault(collection, List.of());
  }

  @SuppressWarnings("ReferenceEquality") // another catalog is another object
  private Known of(Catalog catalog) {
    Known now = known;
    if (now.catalog() != catalog) {
      now = find(catalog);
      known = now;
    }
    return now;
  }

  private static Known find(Catalog catalog) {
    Map<String, List<IndexDefinition>> unique = new HashMap<>();
    Map<String, List<IndexDefinition>> joint = new HashMap<>();
    for (IndexEntry entry : catalog.indexes().values()) {
      IndexDefinition index = entry.definition();
      if (entry.state() == IndexEntry.State.FAILED) {
        continue;
      }
      boolean isJoint = JointPartitions.isJoint(catalog, index);
      if (isJoint && JointPartitions.serve(catalog, index)) {
        joint.computeIfAbsent(index.collection(), _ -> new ArrayList<>()).add(index);
      }
      if (ClaimPartitions.serve(catalog, index)) {
        String rows = isJoint ? JointPartitions.collection(index) : index.collection();
        unique.computeIfAbsent(rows, _ -> new ArrayList<>()).add(index);
      }
    }
    return new Known(catalog, unique, joint);
  }
}
