package dev.partita.node.partition;

import java.util.List;

/// How a Partition was split: for good. From that entry of its log on it has no rows, and whoever
/// asks it for anything is told who has them.
///
/// @param index of the log entry that did it
/// @param children who have its rows, in the order of their bounds. The first one is the heir: it
///   answers for the transactions that the Partition took part in
public record SplitState(long index, List<PartitionDescriptor> children) {

  public SplitState {
    children = List.copyOf(children);
    if (children.size() < 2) {
      throw new IllegalArgumentException("a split has two children or more: " + children);
    }
  }

  void writeTo(BinaryWriter out) {
    out.number(index).list(children, children.size(), PartitionCodec::writeDescriptor);
  }

  static SplitState read(BinaryReader in) {
    return new SplitState(in.number(), in.list(PartitionCodec::readDescriptor));
  }
}
