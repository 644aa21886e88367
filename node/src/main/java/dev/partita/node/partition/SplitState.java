package dev.partita.node.partition;

import java.util.List;

/// How a Partition was split, or merged into another one: for good. From that entry of its log on
/// it has no rows, and whoever asks it for anything is told who has them.
///
/// @param index of the log entry that did it; of the one that froze it for a merge
/// @param children who have its rows, in the order of their bounds; of a merge the one that has
///   them beside others. The first one is the heir: it answers for the transactions that the
///   Partition took part in
public record SplitState(long index, List<PartitionDescriptor> children) {

  public SplitState {
    children = List.copyOf(children);
    if (children.isEmpty()) {
      throw new IllegalArgumentException("somebody has the rows");
    }
  }

  /// Whether the rows are a part of those of one other Partition.
  boolean isMerge() {
    return children.size() == 1;
  }

  void writeTo(BinaryWriter out) {
    out.number(index).list(children, children.size(), PartitionCodec::writeDescriptor);
  }

  static SplitState read(BinaryReader in) {
    return new SplitState(in.number(), in.list(PartitionCodec::readDescriptor));
  }
}
