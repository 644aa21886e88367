package dev.partita.node.document;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.query.Document;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.UniqueWrites;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/// Reads and writes documents of a collection by primary key, in whatever partitions they lie. Safe
/// for all threads; every method blocks until the deadline at most.
public final class Documents {
  /// Documents with unique indexes in one transaction of a batch.
  private static final int CLAIMING_BATCH = 100;

  private final Router router;
  private final UniqueWrites uniqueWrites;

  /// @param uniqueWrites writes documents of collections with unique indexes
  public Documents(Router router, UniqueWrites uniqueWrites) {
    this.router = router;
    this.uniqueWrites = uniqueWrites;
  }

  /// Reads a document: the newest state, linearizably, or the state at a timestamp.
  ///
  /// @return null when there is none
  /// @throws DatabaseException when the key has no partition, or the partition cannot answer
  public @Nullable Document get(
      String collection, PrimaryKey key, @Nullable Timestamp at, Deadline deadline) {
    PartitionDescriptor partition = router.readable(collection, key, at, deadline);
    if (partition == null) {
      return null;
    }
    Response response =
        router.call(
            partition, new Request.Read(partition.id(), partition.epoch(), key, at), deadline);
    if (!(response instanceof Response.Row row)) {
      throw refused(partition, response);
    }
    return row.document() == null || row.version() == null
        ? null
        : new Document(key, row.version(), row.document());
  }

  /// Applies one mutation.
  ///
  /// @throws DatabaseException when the key has no partition, or the partition cannot answer
  public MutationResult write(String collection, Mutation mutation, Deadline deadline) {
    router.make(collection, List.of(mutation.key()), deadline);
    PartitionDescriptor partition = router.owner(collection, mutation.key());
    return write(partition, List.of(mutation), false, deadline).getFirst();
  }

  /// Applies mutations of distinct keys; those of one partition in one request, partitions side by
  /// side.
  ///
  /// @param atomic all or none; then all keys must lie in one partition
  /// @return for each mutation its result, or why its partition did not answer, in the order given
  /// @throws DatabaseException when a key is named twice or has no partition, or an atomic batch
  ///   spans partitions; then nothing was written
  public List<Outcome> write(
      String collection, List<Mutation> mutations, boolean atomic, Deadline deadline) {
    checkDistinct(mutations);
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
          List<Outcome> answers = outcomes(part, atomic, deadline);
          for (int i = 0; i < answers.size(); i++) {
            outcomes[part.positions().get(i)] = answers.get(i);
          }
        });
      }
    }
    return List.of(outcomes);
  }

  private List<Outcome> outcomes(PartWrite part, boolean atomic, Deadline deadline) {
    try {
      return write(part.partition(), part.mutations(), atomic, deadline).stream()
          .<Outcome>map(Outcome.Answered::new)
          .toList();
    } catch (DatabaseException e) {
      return Collections.nCopies(part.mutations().size(), new Outcome.Failed(e));
    }
  }

  private List<MutationResult> write(
      PartitionDescriptor partition, List<Mutation> mutations, boolean atomic, Deadline deadline) {
    if (uniqueWrites.concerns(partition.collection())) {
      return writeUnique(partition.collection(), mutations, atomic, deadline);
    }
    Response response =
        router.call(
            partition,
            new Request.Write(partition.id(), partition.epoch(), mutations, atomic),
            deadline);
    if (!(response instanceof Response.Writes writes)) {
      throw refused(partition, response);
    }
    return writes.results().stream().anyMatch(MutationResult.Unclaimed.class::isInstance)
        ? claimed(partition.collection(), mutations, writes.results(), atomic, deadline)
        : writes.results();
  }

  /// The Partition knows of a unique index that this node has not heard of when it began.
  private List<MutationResult> claimed(
      String collection,
      List<Mutation> mutations,
      List<MutationResult> first,
      boolean atomic,
      Deadline deadline) {
    if (atomic) {
      return writeUnique(collection, mutations, true, deadline);
    }
    List<MutationResult> results = new ArrayList<>(first);
    for (int at = 0; at < results.size(); at++) {
      if (results.get(at) instanceof MutationResult.Unclaimed) {
        results.set(
            at, writeUnique(collection, List.of(mutations.get(at)), true, deadline).getFirst());
      }
    }
    return List.copyOf(results);
  }

  /// Together as long as nothing is wrong with any: a transaction costs the same for many documents
  /// as for one.
  private List<MutationResult> writeUnique(
      String collection, List<Mutation> mutations, boolean atomic, Deadline deadline) {
    if (atomic || mutations.size() == 1) {
      return uniqueWrites.write(collection, mutations, deadline);
    }
    List<MutationResult> results = new ArrayList<>();
    for (int from = 0; from < mutations.size(); from += CLAIMING_BATCH) {
      List<Mutation> some =
          mutations.subList(from, Math.min(mutations.size(), from + CLAIMING_BATCH));
      List<MutationResult> together = uniqueWrites.write(collection, some, deadline);
      if (together.stream().allMatch(MutationResult.Written.class::isInstance)) {
        results.addAll(together);
      } else {
        some.forEach(one -> results.addAll(uniqueWrites.write(collection, List.of(one), deadline)));
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
