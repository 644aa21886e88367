package dev.partita.node.partition;

import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionCommand.Timed;
import dev.partita.node.partition.PartitionCommand.TimedPrepare;
import dev.partita.node.partition.PartitionCommand.TimedWrite;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// A write that waits for its answer. Its pipeline's lock guards the flags.
final class PendingWrite {

  /// Precondition, lengths, and a number or two in the key.
  private static final int MUTATION_OVERHEAD_BYTES = 96;

  /// Id, timestamps and participants.
  private static final int TRANSACTION_BYTES_MAX = 1_024;

  /// Two keys or positions.
  private static final int RANGE_BYTES_MAX = 2 * 4_096;

  /// A char of a key has at most three bytes.
  private static final int CHAR_BYTES_MAX = 3;

  final Request.Stamped request;
  final Deadline deadline;
  final long sizeBytes;
  final CompletableFuture<Response> answer = new CompletableFuture<>();

  /// Completed when it is applied or will never be: later than the answer, if time runs out.
  final CompletableFuture<Void> settled = new CompletableFuture<>();

  /// Whether it may have reached the log.
  boolean proposed;

  /// Whether its time has run out: it must not be proposed any more.
  boolean abandoned;

  PendingWrite(Request.Stamped request, Deadline deadline) {
    this.request = request;
    this.deadline = deadline;
    this.sizeBytes = sizeBytes(request);
  }

  boolean writes(PrimaryKey key) {
    return request.mutations().stream().anyMatch(mutation -> mutation.key().equals(key));
  }

  /// What a write costs in memory and in the log, at most.
  static long sizeBytes(Request.Stamped request) {
    long bytes = request instanceof Request.Prepare prepare ? sizeBytes(prepare) : 0;
    for (Mutation mutation : request.mutations()) {
      var document = mutation.document();
      bytes += MUTATION_OVERHEAD_BYTES + (document == null ? 0 : document.size());
      bytes += sizeBytes(mutation.key());
    }
    return bytes;
  }

  private static long sizeBytes(PrimaryKey key) {
    long bytes = 0;
    for (Datum part : key.parts()) {
      bytes += part instanceof Datum.Text(String text) ? (long) CHAR_BYTES_MAX * text.length() : 0;
    }
    return bytes;
  }

  private static long sizeBytes(Request.Prepare prepare) {
    long bytes = TRANSACTION_BYTES_MAX;
    for (PrimaryKey key : prepare.reads().keys()) {
      bytes += MUTATION_OVERHEAD_BYTES + sizeBytes(key);
    }
    long ranges = (long) prepare.reads().ranges().size() + prepare.extents().size();
    return bytes + RANGE_BYTES_MAX * ranges;
  }

  /// The command that makes writes one log entry. A transaction commits at the highest of its
  /// timestamps, and with each of them its extents are looked at: so whoever has that one knows
  /// every Partition that was written to below it.
  static byte[] command(List<PendingWrite> batch, TimestampBlock block, Extent.Watch watch) {
    var writes = new ArrayList<Timed>(batch.size());
    long bytes = 0;
    for (PendingWrite write : batch) {
      Timestamp timestamp = block.get(writes.size());
      writes.add(
          switch (write.request) {
            case Request.Write(var _, Epoch epoch, var mutations, boolean atomic) ->
                new TimedWrite(timestamp, epoch, atomic, mutations);
            case Request.Prepare prepare ->
                new TimedPrepare(
                    timestamp,
                    prepare.extents().stream().anyMatch(watch::hasGrown)
                        ? prepare.refused()
                        : prepare);
          });
      bytes += write.sizeBytes;
    }
    return CommandCodec.encode(new PartitionCommand.Writes(writes), Math.toIntExact(bytes));
  }
}
