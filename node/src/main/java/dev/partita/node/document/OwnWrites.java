package dev.partita.node.document;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexEntries;
import dev.partita.node.index.IndexEntry;
import dev.partita.node.index.IndexKeys;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Response;
import dev.partita.node.query.IndexHit;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.DocumentRows;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The rows that a transaction has written itself and not committed yet, and what it sees of them.
/// Rows are told apart by the number of their column group, which is 0 where a collection is not
/// divided by columns. Those have the version [Timestamp#MAX]: they have none yet. For one thread
/// at a time.
final class OwnWrites {

  private final Map<String, Map<PrimaryKey, Map<Integer, Mutation>>> written = new HashMap<>();

  /// Notes a write; it replaces an earlier one of the same row.
  void put(String collection, int group, Mutation mutation) {
    written
        .computeIfAbsent(collection, _ -> new LinkedHashMap<>())
        .computeIfAbsent(mutation.key(), _ -> new LinkedHashMap<>())
        .put(group, mutation);
  }

  /// The row that was written, null if it was not: what it is has to be read.
  Response.@Nullable Row row(String collection, PrimaryKey key, int group) {
    Mutation mutation = of(collection).getOrDefault(key, Map.of()).get(group);
    if (mutation == null) {
      return null;
    }
    JsonBytes document = mutation.document();
    return document == null
        ? new Response.Row(null, null)
        : new Response.Row(Timestamp.MAX, document);
  }

  /// The documents of a collection of which something was written.
  Set<PrimaryKey> keys(String collection) {
    return of(collection).keySet();
  }

  /// The rows of a column group that were written.
  List<Mutation> rows(String collection, int group) {
    List<Mutation> rows = new ArrayList<>();
    of(collection)
        .values()
        .forEach(groups -> {
          Mutation row = groups.get(group);
          if (row != null) {
            rows.add(row);
          }
        });
    return rows;
  }

  /// Does something with each row.
  void forEach(RowConsumer consumer) {
    written.forEach((collection, documents) ->
        documents
            .values()
            .forEach(groups ->
                groups.forEach((group, mutation) -> consumer.accept(collection, group, mutation))));
  }

  /// Takes rows.
  @FunctionalInterface
  interface RowConsumer {
    void accept(String collection, int group, Mutation mutation);
  }

  private Map<PrimaryKey, Map<Integer, Mutation>> of(String collection) {
    return written.getOrDefault(collection, Map.of());
  }

  void clear() {
    written.clear();
  }

  /// Adds the entries that some rows written here will have, without documents.
  static void addEntries(
      IndexQuery query,
      IndexDefinition index,
      List<PartitionDescriptor> partitions,
      List<Mutation> rows,
      List<IndexHit> found) {
    Key terms = IndexKeys.termsPrefix(index, query.terms());
    for (Mutation row : rows) {
      JsonBytes document = row.document();
      if (document == null
          || partitions.stream().noneMatch(one -> one.bounds().contains(row.key()))) {
        continue;
      }
      for (IndexEntry entry : IndexEntries.of(index, row.key(), JsonData.document(document))) {
        if (entry.position().startsWith(terms)) {
          found.add(new IndexHit(entry.position(), row.key(), entry.covered(), null));
        }
      }
    }
  }

  /// @throws DatabaseException `CONDITION_FAILED` if the precondition of a write does not hold
  static void requireHolds(String collection, Mutation mutation, @Nullable Timestamp version) {
    if (!DocumentRows.holds(mutation.precondition(), version)) {
      throw new DatabaseException(
              ErrorCode.CONDITION_FAILED, "the condition of a write does not hold")
          .with("collection", collection)
          .with("key", mutation.key())
          .with("version", version);
    }
  }
}
