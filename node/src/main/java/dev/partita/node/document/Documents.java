package dev.partita.node.document;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.query.Document;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.DocumentRows;
import dev.partita.node.transaction.DocumentWrites;
import dev.partita.node.transaction.LookedThrough;
import dev.partita.node.transaction.RowsAt;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads and writes documents of a collection by primary key, in whatever partitions they lie. Safe
/// for all threads; every method blocks until the deadline at most.
public final class Documents {
  /// Documents of a batch in one transaction, where each would be one by itself.
  private static final int TOGETHER_MAX = 100;

  private final Router router;
  private final DocumentWrites writes;

  /// @param writes writes documents that take more than the plain write of a row
  public Documents(Router router, DocumentWrites writes) {
    this.router = router;
    this.writes = writes;
  }

  /// Reads a document: the newest state, linearizably, or the state at a timestamp.
  ///
  /// @return null when there is none
  /// @throws DatabaseException when the key has no partition, or the partition cannot answer
  public @Nullable Document get(
      String collection, PrimaryKey key, @Nullable Timestamp at, Deadline deadline) {
    return get(collection, key, null, at, deadline);
  }

  /// Reads some columns of a document. Of a collection that is divided by columns only the groups
  /// that have them are asked: where these have no row, the document is not found.
  ///
  /// @param columns null for all
  /// @return null when there is none
  /// @throws DatabaseException when the key or a column has no partition, or a partition cannot
  ///   answer
  public @Nullable Document get(
      String collection,
      PrimaryKey key,
      @Nullable List<String> columns,
      @Nullable Timestamp at,
      Deadline deadline) {
    Response.Row row = row(collection, key, columns, at, deadline);
    return row.document() == null || row.version() == null
        ? null
        : new Document(key, row.version(), row.document());
  }

  private Response.Row row(
      String collection,
      PrimaryKey key,
      @Nullable List<String> columns,
      @Nullable Timestamp at,
      Deadline deadline) {
    ColumnGroups groups =
        router.columnGroups(collection, columns == null ? List.of() : columns, deadline);
    List<PartitionDescriptor> owners;
    if (groups == null) {
      PartitionDescriptor owner = router.readable(collection, key, at, deadline);
      owners = owner == null ? List.of() : List.of(owner);
    } else {
      owners = groups.having(columns);
      if (DocumentRows.areAll(columns) || owners.size() > 1) {
        // One moment for all of them, and only then the look which there are: who has a timestamp
        // knows every group that was written to before it.
        Timestamp moment = at == null ? writes.now(deadline) : at;
        DocumentRows rows =
            new LookedThrough(router).readable(collection, key, columns, moment, deadline);
        return rows.join(RowsAt.readAll(router, rows, moment, deadline));
      }
    }
    DocumentRows rows = new DocumentRows(collection, key, columns, owners);
    return rows.join(
        owners.stream().map(owner -> RowsAt.read(router, owner, key, at, deadline)).toList());
  }

  /// Up to which timestamp this node can read a document by itself; null if it cannot.
  ///
  /// @param columns null for all
  public @Nullable Timestamp readableUpTo(
      String collection, PrimaryKey key, @Nullable List<String> columns) {
    return router.columnGroups(collection) == null
        ? router.readableUpTo(router.having(collection, key))
        : readableUpTo(collection, columns);
  }

  /// Up to which timestamp this node can read documents by itself; null if it cannot.
  ///
  /// @param columns null for all
  public @Nullable Timestamp readableUpTo(String collection, @Nullable List<String> columns) {
    ColumnGroups groups = router.columnGroups(collection);
    if (groups == null || columns == null || DocumentRows.areAll(columns)) {
      return router.readableUpTo(collection);
    }
    return groups.lacking(columns).isEmpty() ? router.readableUpTo(groups.having(columns)) : null;
  }

  /// Applies one mutation.
  ///
  /// @throws DatabaseException when the key has no partition, or the partition cannot answer
  public MutationResult write(String collection, Mutation mutation, Deadline deadline) {
    return write(collection, mutation, null, deadline);
  }

  /// Writes some columns of a document and leaves others as they are: its document has at most
  /// these, and what it does not have of them is removed.
  ///
  /// @param columns null to write the whole document
  /// @throws DatabaseException when the key or a column has no partition, a partition cannot
  ///   answer, or the document has other columns
  public MutationResult write(
      String collection, Mutation mutation, @Nullable List<String> columns, Deadline deadline) {
    router.make(collection, List.of(mutation.key()), deadline);
    if (writes.concerns(collection, columns)) {
      return writes.write(collection, List.of(mutation), columns, deadline).getFirst();
    }
    PartitionDescriptor partition = router.owner(collection, mutation.key());
    return write(partition, List.of(mutation), false, deadline).getFirst();
  }

  /// Applies mutations of distinct keys; those of one partition in one request, partitions side by
  /// side.
  ///
  /// @param atomic all or none; then all keys must lie in one partition
  /// @return for each mutation its result, or why its partition did not answer, in the order given
  /// @throws DatabaseException when a key is named twice, it or a column has no partition, or an
  ///   atomic batch spans partitions other than column groups; then nothing was written
  public List<Outcome> write(
      String collection, List<Mutation> mutations, boolean atomic, Deadline deadline) {
    checkDistinct(mutations);
    if (router.columnGroups(collection) != null) {
      return writeDivided(collection, mutations, atomic, deadline);
    }
    router.make(collection, mutations.stream().map(Mutation::key).toList(), deadline);
    Map<PartitionDescriptor, List<Integer>> positions = new LinkedHashMap<>();
    for (int i = 0; i < mutations.size(); i++) {
      PartitionDescriptor partition = router.owner(collection, mutations.get(i).key());
      positions.computeIfAbsent(partition, _ -> new ArrayList<>()).add(i);
    }
    if (atomic && positions.size() > 1) {
      throw new DatabaseException(ErrorCode.NOT_SUPPORTED, "an atomic batch lies in one partition")
          .with("collection", collection)
          .with("partitions", positions.keySet().stream().map(PartitionDescriptor::name).toList());
    }
    List<PartWrite> parts = new ArrayList<>();
    positions.forEach((partition, where) ->
        parts.add(new PartWrite(partition, where.stream().map(mutations::get).toList(), where)));
    return scatter(parts, mutations.size(), atomic, deadline);
  }

  /// Each document has rows in all groups.
  private List<Outcome> writeDivided(
      String collection, List<Mutation> mutations, boolean atomic, Deadline deadline) {
    for (Mutation mutation : mutations) {
      JsonBytes document = mutation.document();
      Set<String> columns = document == null ? Set.of() : JsonColumns.of(document);
      ColumnGroups groups = router.columnGroups(collection, columns, deadline);
      if (groups != null) {
        groups.having(columns);
      }
    }
    Outcome[] outcomes = new Outcome[mutations.size()];
    int step = atomic ? mutations.size() : TOGETHER_MAX;
    for (int from = 0; from < mutations.size(); from += step) {
      List<Mutation> some = mutations.subList(from, Math.min(mutations.size(), from + step));
      List<Outcome> answers =
          outcomes(some.size(), () -> writeTogether(collection, some, atomic, deadline));
      for (int i = 0; i < answers.size(); i++) {
        outcomes[from + i] = answers.get(i);
      }
    }
    return List.of(outcomes);
  }

  private static void checkDistinct(List<Mutation> mutations) {
    Set<PrimaryKey> keys = new HashSet<>();
    for (Mutation mutation : mutations) {
      if (!keys.add(mutation.key())) {
        throw new DatabaseException(ErrorCode.INVALID_REQUEST, "a batch names a key twice")
            .with("key", mutation.key());
      }
    }
  }

  private List<Outcome> scatter(
      List<PartWrite> parts, int mutations, boolean atomic, Deadline deadline) {
    Outcome[] outcomes = new Outcome[mutations];
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (PartWrite part : parts) {
        threads.execute(() -> {
          List<Outcome> answers =
              outcomes(
                  part.mutations().size(),
                  () -> write(part.partition(), part.mutations(), atomic, deadline));
          for (int i = 0; i < answers.size(); i++) {
            outcomes[part.positions().get(i)] = answers.get(i);
          }
        });
      }
    }
    return List.of(outcomes);
  }

  private static List<Outcome> outcomes(int count, Supplier<List<MutationResult>> written) {
    try {
      return written.get().stream().<Outcome>map(Outcome.Answered::new).toList();
    } catch (DatabaseException e) {
      return Collections.nCopies(count, new Outcome.Failed(e));
    }
  }

  private List<MutationResult> write(
      PartitionDescriptor partition, List<Mutation> mutations, boolean atomic, Deadline deadline) {
    if (writes.concerns(partition.collection(), null)) {
      return writeTogether(partition.collection(), mutations, atomic, deadline);
    }
    Response response =
        router.call(
            partition,
            new Request.Write(partition.id(), partition.epoch(), mutations, atomic),
            deadline);
    if (!(response instanceof Response.Writes(var results))) {
      throw refused(partition, response);
    }
    return results.stream().anyMatch(MutationResult.Unclaimed.class::isInstance)
        ? claimed(partition.collection(), mutations, results, atomic, deadline)
        : results;
  }

  /// The Partition knows of a unique index that this node has not heard of when it began.
  private List<MutationResult> claimed(
      String collection,
      List<Mutation> mutations,
      List<MutationResult> first,
      boolean atomic,
      Deadline deadline) {
    if (atomic) {
      return writeTogether(collection, mutations, true, deadline);
    }
    List<MutationResult> results = new ArrayList<>(first);
    for (int at = 0; at < results.size(); at++) {
      if (results.get(at) instanceof MutationResult.Unclaimed) {
        results.set(
            at, writeTogether(collection, List.of(mutations.get(at)), true, deadline).getFirst());
      }
    }
    return List.copyOf(results);
  }

  /// Together as long as nothing is wrong with any: a transaction costs the same for many documents
  /// as for one.
  private List<MutationResult> writeTogether(
      String collection, List<Mutation> mutations, boolean atomic, Deadline deadline) {
    if (atomic || mutations.size() == 1) {
      return writes.write(collection, mutations, null, deadline);
    }
    List<MutationResult> results = new ArrayList<>();
    for (int from = 0; from < mutations.size(); from += TOGETHER_MAX) {
      List<Mutation> some =
          mutations.subList(from, Math.min(mutations.size(), from + TOGETHER_MAX));
      List<MutationResult> together = writes.write(collection, some, null, deadline);
      if (together.stream().allMatch(MutationResult.Written.class::isInstance)) {
        results.addAll(together);
      } else {
        some.forEach(one -> results.addAll(writes.write(collection, List.of(one), null, deadline)));
      }
    }
    return results;
  }

  private static DatabaseException refused(PartitionDescriptor partition, Response response) {
    if (response instanceof Response.Refusal refusal) {
      return refusal.toException().with("partition", partition.name());
    }
    throw new IllegalStateException("an answer of another kind than the request: " + response);
  }

  /// The mutations of one partition and where they stood in the whole batch.
  private record PartWrite(
      PartitionDescriptor partition, List<Mutation> mutations, List<Integer> positions) {}

  /// What became of one mutation of a batch.
  public sealed interface Outcome {
    /// The partition answered.
    record Answered(MutationResult result) implements Outcome {}

    /// The partition did not: the failure tells whether the write may have happened.
    record Failed(DatabaseException failure) implements Outcome {}
  }
}
