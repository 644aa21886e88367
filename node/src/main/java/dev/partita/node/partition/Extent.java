package dev.partita.node.partition;

import dev.partita.node.key.PrimaryKey;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A range of a collection that a transaction has looked through, and the Partitions that it has
/// looked into. Rows of the range that get a Partition later are none that it has seen: if they are
/// written before its commit, it must not commit.
///
/// @param start first key, null for an open end
/// @param end first key behind the range, null for an open end
/// @param partitions as they were declared, or made for an interval: what was split counts, not its
///   parts
public record Extent(
    String collection,
    @Nullable PrimaryKey start,
    @Nullable PrimaryKey end,
    Set<PartitionId> partitions) {

  /// In one transaction.
  public static final int EXTENTS_MAX = 256;

  public Extent {
    partitions = Set.copyOf(partitions);
  }

  /// Tells whether Partitions have rows of an extent that are not among its own.
  @FunctionalInterface
  public interface Watch {
    /// Nothing is ever declared.
    Watch NOTHING = _ -> false;

    /// Whether one that is not among them serves, as this node knows: so every one that was written
    /// to below the timestamps that it has.
    boolean hasGrown(Extent extent);
  }

  void writeTo(BinaryWriter out) {
    List<PartitionId> sorted = partitions.stream().sorted().toList();
    out.text(collection)
        .optional(start, PartitionCodec::writeKey)
        .optional(end, PartitionCodec::writeKey)
        .list(sorted, sorted.size(), (o, id) -> o.number(id.value()));
  }

  static Extent read(BinaryReader in) {
    return new Extent(
        in.text(),
        in.optional(PartitionCodec::readKey),
        in.optional(PartitionCodec::readKey),
        Set.copyOf(in.list(each -> new PartitionId(each.number()))));
  }
}
