package dev.partita.node.routing;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.ClaimPartitions;
import dev.partita.node.catalog.IndexEntry;
import dev.partita.node.index.IndexDefinition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The unique indexes of the newest catalog, by collection: every write asks for them. Thread-safe.
final class UniqueIndexes {

  private record Known(Catalog catalog, Map<String, List<IndexDefinition>> byCollection) {}

  private volatile Known known = new Known(Catalog.EMPTY, Map.of());

  @SuppressWarnings("ReferenceEquality") // another catalog is another object
  List<IndexDefinition> of(Catalog catalog, String collection) {
    Known now = known;
    if (now.catalog() != catalog) {
      now = new Known(catalog, find(catalog));
      known = now;
    }
    return now.byCollection().getOrDefault(collection, List.of());
  }

  private static Map<String, List<IndexDefinition>> find(Catalog catalog) {
    Map<String, List<IndexDefinition>> found = new HashMap<>();
    for (IndexEntry entry : catalog.indexes().values()) {
      IndexDefinition index = entry.definition();
      if (entry.state() != IndexEntry.State.FAILED && ClaimPartitions.serve(catalog, index)) {
        found.computeIfAbsent(index.collection(), _ -> new ArrayList<>()).add(index);
      }
    }
    return found;
  }
}
