package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionCaller;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/// Rows as they are at one timestamp, each read once, and all at once. For one thread at a time.
public final class RowsAt {

  private record Place(PartitionId partition, PrimaryKey key) {}

  private final PartitionCaller caller;
  private final Timestamp at;
  private final Deadline deadline;
  private final Map<Place, PartitionDescriptor> wanted = new LinkedHashMap<>();
  private final Map<Place, Response.Row> found = new ConcurrentHashMap<>();

  public RowsAt(PartitionCaller caller, Timestamp at, Deadline deadline) {
    this.caller = caller;
    this.at = at;
    this.deadline = deadline;
  }

  /// Has the rows of a document read.
  public void want(DocumentRows rows) {
    rows.owners().forEach(owner -> want(owner, rows.key()));
  }

  /// Has a row read.
  public void want(PartitionDescriptor owner, PrimaryKey key) {
    wanted.put(new Place(owner.id(), key), owner);
  }

  /// Reads whatever is wanted.
  ///
  /// @throws DatabaseException if a partition cannot answer
  public RowsAt read() {
    wanted.keySet().removeAll(found.keySet());
    if (wanted.isEmpty()) {
      return this;
    }
    if (wanted.size() == 1) {
      wanted.forEach(
          (place, owner) -> found.put(place, read(caller, owner, place.key(), at, deadline)));
      return this;
    }
    Map<Place, DatabaseException> failed = new ConcurrentHashMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      wanted.forEach((place, owner) ->
          threads.execute(() -> {
            try {
              found.put(place, read(caller, owner, place.key(), at, deadline));
            } catch (DatabaseException e) {
              failed.put(place, e);
            }
          }));
    }
    for (DatabaseException failure : failed.values()) {
      throw failure;
    }
    return this;
  }

  /// A document as it was read.
  public Response.Row document(DocumentRows rows) {
    return rows.join(rows.owners().stream().map(owner -> row(owner, rows.key())).toList());
  }

  /// A row that was read.
  public Response.Row row(PartitionDescriptor owner, PrimaryKey key) {
    Response.Row row = found.get(new Place(owner.id(), key));
    if (row == null) {
      throw new IllegalStateException("the row was not read: " + owner.name() + " " + key);
    }
    return row;
  }

  /// Reads one row.
  ///
  /// @param at null for the newest state
  /// @throws DatabaseException if its partition cannot answer
  public static Response.Row read(
      PartitionCaller caller,
      PartitionDescriptor owner,
      PrimaryKey key,
      @Nullable Timestamp at,
      Deadline deadline) {
    Response response =
        caller.call(owner, new Request.Read(owner.id(), owner.epoch(), key, at), deadline);
    return switch (response) {
      case Response.Row row -> row;
      case Response.Refusal refusal -> throw refusal.toException().with("partition", owner.name());
      default -> throw new IllegalStateException("no answer to a read: " + response);
    };
  }

  /// Reads the rows of one document.
  public static List<Response.Row> readAll(
      PartitionCaller caller, DocumentRows rows, Timestamp at, Deadline deadline) {
    var all = new RowsAt(caller, at, deadline);
    all.want(rows);
    all.read();
    return rows.owners().stream().map(owner -> all.row(owner, rows.key())).toList();
  }
}
