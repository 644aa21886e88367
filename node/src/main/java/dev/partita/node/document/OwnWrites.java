package dev.partita.node.document;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexEntries;
import dev.partita.node.index.IndexEntry;
import dev.partita.node.index.IndexKeys;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Key;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.query.Document;
import dev.partita.node.query.IndexHit;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.time.Timestamp;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Pure: what a transaction sees of what it has written itself.
final class OwnWrites {

  private OwnWrites() {}

  /// The document that a write leaves, null if it deletes; its version is [Timestamp#MAX].
  static @Nullable Document document(Mutation mutation) {
    var json = mutation.document();
    return json == null ? null : new Document(mutation.key(), Timestamp.MAX, json);
  }

  /// Adds the entries that the documents written here will have.
  static void addEntries(
      IndexQuery query,
      IndexDefinition index,
      List<PartitionDescriptor> partitions,
      Collection<Mutation> own,
      List<IndexHit> found) {
    Key terms = IndexKeys.termsPrefix(index, query.terms());
    for (Mutation mutation : own) {
      Document document = document(mutation);
      if (document == null
          || partitions.stream().noneMatch(one -> one.bounds().contains(mutation.key()))) {
        continue;
      }
      for (IndexEntry entry :
          IndexEntries.of(index, mutation.key(), JsonData.document(document.json()))) {
        if (entry.position().startsWith(terms)) {
          found.add(
              new IndexHit(
                  entry.position(),
                  mutation.key(),
                  entry.covered(),
                  query.documents() ? document : null));
        }
      }
    }
  }

  /// @throws DatabaseException `CONDITION_FAILED` if the precondition of a write does not hold
  static void requireHolds(String collection, Mutation mutation, @Nullable Document present) {
    Timestamp version = present == null ? null : present.version();
    boolean holds =
        switch (mutation.precondition()) {
          case Mutation.Always() -> true;
          case Mutation.IfAbsent() -> version == null;
          case Mutation.IfPresent() -> version != null;
          case Mutation.IfVersion(Timestamp wanted) -> wanted.equals(version);
          case Mutation.IfAbsentOr _ ->
              throw new IllegalArgumentException("claims have no conditions");
        };
    if (!holds) {
      throw new DatabaseException(
              ErrorCode.CONDITION_FAILED, "the condition of a write does not hold")
          .with("collection", collection)
          .with("key", mutation.key())
          .with("version", version);
    }
  }
}
