package dev.partita.node.partition;

import dev.partita.node.key.PrimaryKey;
import org.jspecify.annotations.Nullable;

/// What is wrong with a write, as far as a replica can tell before it proposes it.
final class WriteChecks {

  /// Prepared transactions of a Partition at once; more are refused.
  private static final int PREPARED_MAX = 4_096;

  private WriteChecks() {}

  /// Why a write does not belong here, or is too large; null if it is neither.
  static Response.@Nullable Refusal check(Request.Stamped write, PartitionDescriptor descriptor) {
    if (!write.epoch().equals(descriptor.epoch())) {
      return new Response.WrongEpoch(descriptor);
    }
    if (PendingWrite.sizeBytes(write) > Request.WRITE_BYTES_MAX) {
      return new Response.Invalid(
          "A write has at most " + Request.WRITE_BYTES_MAX + " bytes of documents and keys");
    }
    for (Mutation mutation : write.mutations()) {
      var document = mutation.document();
      if (document != null && document.size() > Request.DOCUMENT_BYTES_MAX) {
        return new Response.Invalid(
            "A document has at most " + Request.DOCUMENT_BYTES_MAX + " bytes");
      }
      if (!descriptor.bounds().contains(mutation.key())) {
        return new Response.OutOfBounds(mutation.key());
      }
    }
    if (write instanceof Request.Prepare prepare) {
      for (PrimaryKey key : prepare.reads().keys()) {
        if (!descriptor.bounds().contains(key)) {
          return new Response.OutOfBounds(key);
        }
      }
    }
    return null;
  }

  /// Why nothing can be prepared at the moment; null if it can.
  ///
  /// @param awaited why the replica waits for the end of transactions, null if it does not
  /// @param prepared transactions that are
  static Response.@Nullable Refusal checkPrepare(
      Request.Prepare prepare, @Nullable String awaited, int prepared) {
    if (prepare.transaction().isOnePhase()) {
      return null;
    }
    if (awaited != null) {
      return new Response.Unavailable(awaited);
    }
    return prepared >= PREPARED_MAX
        ? new Response.Overloaded("Too many transactions are prepared")
        : null;
  }
}
