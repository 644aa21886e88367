package dev.partita.node.transaction;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.routing.Router;
import dev.partita.node.storage.Direction;
import dev.partita.node.time.Deadline;
import org.jspecify.annotations.Nullable;

/// The rows of a Partition as they are now, page by page, for what goes through all of them.
final class RowPages {

  private RowPages() {}

  /// The rows behind a key.
  ///
  /// @param after null to begin with the first row
  /// @throws dev.partita.node.error.DatabaseException if the partition cannot answer, naming it
  static Response.Rows next(
      Router router,
      PartitionDescriptor partition,
      @Nullable PrimaryKey after,
      int limit,
      Deadline deadline) {
    Response response =
        router.call(
            partition,
            new Request.Scan(
                partition.id(),
                partition.epoch(),
                null,
                null,
                Direction.FORWARD,
                after,
                limit,
                null),
            deadline);
    return switch (response) {
      case Response.Rows rows -> rows;
      case Response.Refusal refusal ->
          throw refusal.toException().with("partition", partition.name());
      default -> throw new IllegalStateException("no answer to a scan: " + response);
    };
  }
}
