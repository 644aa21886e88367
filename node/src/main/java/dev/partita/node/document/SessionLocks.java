package dev.partita.node.document;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.DocumentRows;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The rows that a transaction has locked at the leaders of their partitions. That it has them is
/// no promise: a leader that fails takes its locks with it. It only spares the transaction to find
/// out at its commit that others were faster.
///
/// Statements take locks one by one; meanwhile another thread renews them.
final class SessionLocks {

  /// A row that is there or not.
  ///
  /// @param group the number of the column group that it is in; 0 if the collection is not divided
  ///   by columns
  record Place(String collection, PrimaryKey key, int group) {

    static Place of(DocumentRows rows, PartitionDescriptor owner) {
      return new Place(rows.collection(), rows.key(), owner.columnGroup());
    }

    /// The partition that has the row.
    ///
    /// @throws DatabaseException `NO_PARTITION` if there is none (any more)
    PartitionDescriptor owner(Router router) {
      ColumnGroups groups = group == 0 ? null : router.columnGroups(collection);
      return groups == null
          ? router.owner(collection, key)
          : groups.all().stream()
              .filter(each -> each.columnGroup() == group)
              .findFirst()
              .orElseThrow(() ->
                  new DatabaseException(
                          ErrorCode.NO_PARTITION, "the column group has no partition any more")
                      .with("collection", collection)
                      .with("key", key));
    }
  }

  private final Router router;
  private final TransactionId id;
  private final Timestamp priority;
  private final Set<Place> taken = ConcurrentHashMap.newKeySet();
  private volatile boolean wounded;

  /// @param priority when the transaction began
  SessionLocks(Router router, TransactionId id, Timestamp priority) {
    this.router = router;
    this.id = id;
    this.priority = priority;
  }

  boolean isEmpty() {
    return taken.isEmpty();
  }

  boolean has(Place place) {
    return taken.contains(place);
  }

  /// Locks a row and tells how it is; waits for whoever has it.
  ///
  /// @throws DatabaseException `SERIALIZATION_FAILURE` if an older transaction has needed something
  ///   that was locked here; `UNAVAILABLE` if others have it until the deadline
  Response.Granted take(Place place, Deadline deadline) {
    checkNotWounded();
    PartitionDescriptor owner = place.owner(router);
    Response response =
        router.call(
            owner,
            new Request.Lock(owner.id(), owner.epoch(), id, priority, place.key()),
            deadline);
    return switch (response) {
      case Response.Granted granted -> {
        taken.add(place);
        yield granted;
      }
      case Response.Wounded() -> {
        wounded = true;
        throw woundedFailure();
      }
      case Response.Refusal refusal ->
          throw refusal
              .toException()
              .with("collection", place.collection())
              .with("key", place.key());
      default -> throw new IllegalStateException("no answer to a lock: " + response);
    };
  }

  /// @throws DatabaseException `SERIALIZATION_FAILURE` if an older transaction has needed something
  ///   that was locked here
  void checkNotWounded() {
    if (wounded) {
      throw woundedFailure();
    }
  }

  private static DatabaseException woundedFailure() {
    return new DatabaseException(
            ErrorCode.SERIALIZATION_FAILURE,
            "an older transaction has needed what this one had locked: begin again")
        .with("reason", "WOUNDED");
  }

  /// Tells the partitions that the rows are still needed.
  void renew(Deadline deadline) {
    Map<PartitionDescriptor, List<PrimaryKey>> places = new HashMap<>();
    for (Place place : taken) {
      try {
        places.computeIfAbsent(place.owner(router), _ -> new ArrayList<>()).add(place.key());
      } catch (DatabaseException e) {
        // The partition was dropped: the commit will say so.
      }
    }
    places.forEach((partition, keys) -> {
      Response response =
          router.call(
              partition,
              new Request.RenewLocks(partition.id(), partition.epoch(), id, priority, keys),
              deadline);
      if (response instanceof Response.Wounded) {
        wounded = true;
      }
    });
  }

  /// The partitions have let go.
  void forget() {
    taken.clear();
  }

  /// Gives everything up.
  void release(Deadline deadline) {
    Set<PartitionDescriptor> partitions = new HashSet<>();
    for (Place place : taken) {
      try {
        partitions.add(place.owner(router));
      } catch (DatabaseException e) {
        // The partition was dropped, and its locks with it.
      }
    }
    taken.clear();
    for (PartitionDescriptor partition : partitions) {
      var _ =
          router.call(
              partition, new Request.Unlock(partition.id(), partition.epoch(), id), deadline);
    }
  }
}
