package dev.partita.node.partition;

import dev.partita.node.key.Datum;
import dev.partita.node.time.Deadline;
import java.util.concurrent.CompletableFuture;

/// A write that waits for its answer. Its pipeline's lock guards the flags.
final class PendingWrite {

  /// Precondition, lengths, and a number or two in the key.
  private static final int MUTATION_OVERHEAD_BYTES = 96;

  /// A char of a key has at most three bytes.
  private static final int CHAR_BYTES_MAX = 3;

  final Request.Write request;
  final Deadline deadline;
  final long sizeBytes;
  final CompletableFuture<Response> answer = new CompletableFuture<>();

  /// Whether it may have reached the log.
  boolean proposed;

  /// Whether its time has run out: it must not be proposed any more.
  boolean abandoned;

  PendingWrite(Request.Write request, Deadline deadline) {
    this.request = request;
    this.deadline = deadline;
    this.sizeBytes = sizeBytes(request);
  }

  /// What a write costs in memory and in the log, at most.
  static long sizeBytes(Request.Write request) {
    long bytes = 0;
    for (Mutation mutation : request.mutations()) {
      var document = mutation.document();
      bytes += MUTATION_OVERHEAD_BYTES + (document == null ? 0 : document.size());
      for (Datum part : mutation.key().parts()) {
        bytes +=
            part instanceof Datum.Text(String text) ? (long) CHAR_BYTES_MAX * text.length() : 0;
      }
    }
    return bytes;
  }
}
