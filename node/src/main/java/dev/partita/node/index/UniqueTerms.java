package dev.partita.node.index;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a document claims for itself alone in a unique index.
public final class UniqueTerms {
  private UniqueTerms() {}

  /// The terms of a document's entries, encoded, without those of which one is null.
  ///
  /// @param document null if there is none; it claims nothing, and neither does one that can have
  ///   no entries, which is refused for that
  public static Set<Key> of(IndexDefinition index, PrimaryKey key, @Nullable ObjectNode document) {
    if (document == null) {
      return Set.of();
    }
    Set<Key> terms = new LinkedHashSet<>();
    try {
      for (IndexEntry entry : IndexEntries.of(index, key, document)) {
        if (!entry.hasNullTerm()) {
          terms.add(IndexKeys.terms(index, entry.position()));
        }
      }
    } catch (DatabaseException _) {
      return Set.of();
    }
    return terms;
  }
}
