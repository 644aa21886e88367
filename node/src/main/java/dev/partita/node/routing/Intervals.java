package dev.partita.node.routing;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.CatalogResult;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Response;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// What a node does about intervals that have no Partition: has them made for whoever writes, and
/// makes sure for whoever reads that there is nothing. Safe for any thread; calls block.
///
/// Nothing is there at a timestamp if the catalog that says so is as new: a Partition takes all its
/// timestamps after it was recorded and was told to serve, so what this catalog does not know is
/// written later.
final class Intervals {

  /// How long a Partition may take from the first request for it until it serves: its members take
  /// note, elect a leader and report.
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /// Between two requests while others are being made.
  private static final long PAUSE_MILLIS = 50;

  private static final String TOO_FAST =
      "keys of too many new intervals are written through this node: write more slowly, or declare a"
          + " greater width";

  private final SystemPartition system;
  private final Clock clock;
  private final Allowance allowance;

  /// A Partition that is to be there.
  private record Wanted(PartitionId family, String name, long number) {}

  Intervals(SystemPartition system, Clock clock) {
    this.system = system;
    this.clock = clock;
    this.allowance = new Allowance(clock.monotonicNanos());
  }

  /// Has the Partitions made that rows with these keys are to be written to, and waits until they
  /// serve. Keys that no family covers are left to others.
  ///
  /// @throws DatabaseException `OVERLOADED` if too many are asked for, `UNAVAILABLE` if they do not
  ///   serve in time; both may be tried again
  void make(String collection, Collection<PrimaryKey> keys, Deadline deadline) {
    Catalog catalog = system.catalog();
    if (catalog.partitions().families(collection).isEmpty() || serve(catalog, collection, keys)) {
      return;
    }
    Deadline patience = deadline.atMost(PATIENCE, clock);
    for (Wanted each : missing(catalog, collection, keys)) {
      make(collection, each, patience);
    }
    // Those that others have asked for may not serve yet either.
    if (!system.await(newest -> serve(newest, collection, keys), patience)) {
      throw new DatabaseException(
              ErrorCode.UNAVAILABLE, "the partition of a new interval does not serve yet")
          .with("collection", collection)
          .with("keys", keys.size());
    }
  }

  private static boolean serve(Catalog catalog, String collection, Collection<PrimaryKey> keys) {
    return keys.stream()
        .allMatch(key ->
            catalog
                .partitions()
                .owner(collection, key)
                .map(entry -> entry.state() == PartitionEntry.State.ACTIVE)
                .orElseGet(() -> catalog.partitions().family(collection, key).isEmpty()));
  }

  private static Set<Wanted> missing(
      Catalog catalog, String collection, Collection<PrimaryKey> keys) {
    Set<Wanted> wanted = new LinkedHashSet<>();
    for (PrimaryKey key : keys) {
      if (catalog.partitions().owner(collection, key).isEmpty()) {
        catalog
            .partitions()
            .family(collection, key)
            .ifPresent(family ->
                wanted.add(new Wanted(family.id(), family.name(), interval(family, key).number())));
      }
    }
    return wanted;
  }

  /// The interval of a key; null if no family has the key, or it has no number.
  static Bounds.@Nullable Interval interval(Catalog catalog, String collection, PrimaryKey key) {
    PartitionEntry family = catalog.partitions().family(collection, key).orElse(null);
    if (family == null) {
      return null;
    }
    try {
      return ((Bounds.Family) family.bounds()).interval(key);
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  private static Bounds.Interval interval(PartitionEntry family, PrimaryKey key) {
    try {
      return ((Bounds.Family) family.bounds()).interval(key);
    } catch (IllegalArgumentException e) {
      throw new DatabaseException(ErrorCode.NO_PARTITION, "the key has no interval", e)
          .with("partition", family.name())
          .with("reason", e.getMessage());
    }
  }

  private void make(String collection, Wanted wanted, Deadline deadline) {
    while (!allowance.take(clock.monotonicNanos())) {
      pause(wanted, TOO_FAST, deadline);
    }
    while (true) {
      CatalogResult result =
          system.propose(
              new CatalogCommand.MakeInterval(wanted.family(), wanted.number()), deadline);
      if (!(result instanceof CatalogResult.Refused refused)) {
        return;
      }
      switch (refused.reason()) {
        case CONFLICT -> pause(wanted, refused.message(), deadline);
        case TOO_MANY ->
            throw new DatabaseException(ErrorCode.OVERLOADED, refused.message())
                .with("partition", wanted.name())
                .with("intervals", refused.with());
        case NOT_FOUND, INVALID, EXISTS, OVERLAP ->
            throw new DatabaseException(
                    ErrorCode.NO_PARTITION, "no partition of the collection covers the key")
                .with("collection", collection)
                .with("reason", refused.message());
      }
    }
  }

  private void pause(Wanted wanted, String reason, Deadline deadline) {
    if (deadline.isExpired(clock)) {
      throw new DatabaseException(
              ErrorCode.OVERLOADED, "the partition of a new interval cannot be made now")
          .with("partition", wanted.name())
          .with("number", wanted.number())
          .with("reason", reason);
    }
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
  }

  /// Makes sure that the catalog of this node knows every Partition that has been written to at a
  /// timestamp, or by now.
  ///
  /// @param at null for now
  /// @throws DatabaseException `UNAVAILABLE` if that cannot be found out
  void catchUp(@Nullable Timestamp at, Deadline deadline) {
    if (at != null
        && (!at.isAfter(system.oracle().reached()) || at.isBefore(system.catalog().complete()))) {
      return;
    }
    Timestamp now;
    try {
      now =
          system.oracle().next(1).get(deadline.remainingNanos(clock), TimeUnit.NANOSECONDS).first();
    } catch (ExecutionException | TimeoutException e) {
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "no timestamp can be had", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
    if (at != null && at.isAfter(now)) {
      throw new Response.TimestampInFuture(now).toException();
    }
  }
}
