package dev.partita.node.partition;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.key.KeyWriter;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.Span;
import dev.partita.node.time.Timestamp;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

/// Where a Partition's transactions lie among the records of the node's store. All keys begin with
/// the Partition, so they are exported, installed and cleared with its rows.
final class TransactionKeys {

  private static final byte RECORD = 'x';

  /// The kind of record and the Partition.
  private static final int PREFIX_BYTES = 1 + Long.BYTES;

  /// Prepared and not ended.
  private static final byte PREPARED = 1;

  /// Ended, by the timestamp at which they began.
  private static final byte FINISHED = 2;

  /// Committed, and some participant may not know it.
  private static final byte UNFORGOTTEN = 3;

  /// Committed, by client and sequence.
  private static final byte NAMED = 4;

  /// What began before this timestamp is forgotten.
  private static final byte FORGOTTEN = 5;

  /// What was promised and accepted about the outcome of a transaction of three phases.
  private static final byte BALLOTS = 6;

  /// Commits of named transactions are forgotten in steps of this length.
  static final Duration NAMED_STEP = Duration.ofMinutes(10);

  private TransactionKeys() {}

  private static KeyWriter begin(PartitionId partition) {
    return new KeyWriter().u8(RECORD).u64(partition.value());
  }

  static Span all(PartitionId partition) {
    return new Span(Family.META, KeyRange.prefix(begin(partition).toKey()));
  }

  static Key prepared(PartitionId partition, TransactionId id) {
    return begin(partition).u8(PREPARED).raw(id.key()).toKey();
  }

  static KeyRange prepared(PartitionId partition) {
    return KeyRange.prefix(begin(partition).u8(PREPARED).toKey());
  }

  static Key finished(PartitionId partition, TransactionId id, Timestamp started) {
    return begin(partition).u8(FINISHED).u64(started.value()).raw(id.key()).toKey();
  }

  /// Of those that began before a timestamp.
  static KeyRange finishedBefore(PartitionId partition, Timestamp before) {
    return new KeyRange(
        begin(partition).u8(FINISHED).toKey(),
        begin(partition).u8(FINISHED).u64(before.value()).toKey());
  }

  /// Of all, in the order in which they began.
  static KeyRange finished(PartitionId partition) {
    return ofKind(partition, FINISHED);
  }

  /// When the transaction began that a record of [#finished] is of.
  static Timestamp started(Key finished) {
    return new Timestamp(ByteBuffer.wrap(finished.unsafeBytes()).getLong(PREFIX_BYTES + 1));
  }

  static Key unforgotten(PartitionId partition, TransactionId id) {
    return begin(partition).u8(UNFORGOTTEN).raw(id.key()).toKey();
  }

  static KeyRange unforgotten(PartitionId partition) {
    return KeyRange.prefix(begin(partition).u8(UNFORGOTTEN).toKey());
  }

  /// The number of the step that a moment lies in.
  static long namedStep(Timestamp moment) {
    return moment.millis() / NAMED_STEP.toMillis();
  }

  static Key named(PartitionId partition, long step, TransactionId id) {
    return begin(partition).u8(NAMED).u64(step).raw(id.transactionKey()).toKey();
  }

  /// Of the steps before one.
  static KeyRange namedBefore(PartitionId partition, long step) {
    return new KeyRange(
        begin(partition).u8(NAMED).toKey(), begin(partition).u8(NAMED).u64(step).toKey());
  }

  static Key ballots(PartitionId partition, TransactionId id) {
    return begin(partition).u8(BALLOTS).raw(id.key()).toKey();
  }

  static KeyRange ballots(PartitionId partition) {
    return KeyRange.prefix(begin(partition).u8(BALLOTS).toKey());
  }

  static Key forgotten(PartitionId partition) {
    return begin(partition).u8(FORGOTTEN).toKey();
  }

  /// What each child of a split needs: that no transaction commits twice, nor one that is
  /// forgotten.
  static List<KeyRange> inheritedByAll(PartitionId partition) {
    return List.of(ofKind(partition, NAMED), ofKind(partition, FORGOTTEN));
  }

  /// What the child needs that answers for the Partition: how transactions have ended.
  static List<KeyRange> inheritedByFirst(PartitionId partition) {
    return List.of(
        ofKind(partition, FINISHED), ofKind(partition, UNFORGOTTEN), ofKind(partition, BALLOTS));
  }

  /// Whether this is the record of what is forgotten.
  static boolean isForgotten(Key record) {
    return record.unsafeBytes()[PREFIX_BYTES] == FORGOTTEN;
  }

  /// Whether this is a record of votes.
  static boolean isBallots(Key record) {
    return record.unsafeBytes()[PREFIX_BYTES] == BALLOTS;
  }

  private static KeyRange ofKind(PartitionId partition, byte kind) {
    return KeyRange.prefix(begin(partition).u8(kind).toKey());
  }

  /// The same record of another Partition.
  static Key moved(Key record, PartitionId to) {
    return begin(to).raw(record.suffix(PREFIX_BYTES)).toKey();
  }
}
