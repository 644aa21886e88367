package dev.partita.node.partition;

import dev.partita.node.time.Timestamp;

/// A leader's promise: whoever has applied its log up to an entry has everything that was, and ever
/// will be, written at or below a timestamp, but for what transactions that are prepared by then
/// still write.
///
/// It holds for good, whoever leads later: a new leader begins with a timestamp above all that its
/// predecessors have promised. (CockroachDB calls it the same.)
///
/// @param at the timestamp
/// @param index of the log entry
record ClosedTimestamp(PartitionId partition, Timestamp at, long index) {

  void writeTo(BinaryWriter out) {
    out.number(partition.value()).timestamp(at).number(index);
  }

  static ClosedTimestamp read(BinaryReader in) {
    return new ClosedTimestamp(new PartitionId(in.number()), in.timestamp(), in.number());
  }
}
