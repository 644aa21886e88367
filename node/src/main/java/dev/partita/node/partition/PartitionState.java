package dev.partita.node.partition;

import dev.partita.node.raft.Configuration;
import dev.partita.node.time.Timestamp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Everything about a replica's data that is not a row or an entry. Stored as one record, in the
/// same batch as the data it describes.
///
/// @param appliedIndex of the last command or configuration applied
/// @param descriptor null until the group has been made a Partition
/// @param rows live rows
/// @param bytes of their keys and documents
/// @param lastCommit the highest timestamp of a write
/// @param safePoint the oldest timestamp that can be read
public record PartitionState(
    long appliedIndex,
    long appliedTerm,
    Configuration configuration,
    @Nullable PartitionDescriptor descriptor,
    long rows,
    long bytes,
    Timestamp lastCommit,
    Timestamp safePoint,
    List<IndexState> indexes) {

  private static final int BUILDING = 0;
  private static final int READY = 1;
  private static final int FAILED = 2;

  /// Nothing applied.
  static final PartitionState EMPTY =
      new PartitionState(
          0, 0, Configuration.EMPTY, null, 0, 0, Timestamp.MIN, Timestamp.MIN, List.of());

  public PartitionState {
    indexes = List.copyOf(indexes);
  }

  /// The index of this id, null if this Partition does not have it.
  public @Nullable IndexState index(long id) {
    for (IndexState index : indexes) {
      if (index.index().id() == id) {
        return index;
      }
    }
    return null;
  }

  PartitionState applied(long index, long term) {
    return new PartitionState(
        index, term, configuration, descriptor, rows, bytes, lastCommit, safePoint, indexes);
  }

  PartitionState withConfiguration(Configuration other) {
    return new PartitionState(
        appliedIndex, appliedTerm, other, descriptor, rows, bytes, lastCommit, safePoint, indexes);
  }

  PartitionState withDescriptor(PartitionDescriptor other) {
    return new PartitionState(
        appliedIndex,
        appliedTerm,
        configuration,
        other,
        rows,
        bytes,
        lastCommit,
        safePoint,
        indexes);
  }

  PartitionState withCounters(long newRows, long newBytes, Timestamp newLastCommit) {
    return new PartitionState(
        appliedIndex,
        appliedTerm,
        configuration,
        descriptor,
        newRows,
        newBytes,
        newLastCommit,
        safePoint,
        indexes);
  }

  PartitionState withSafePoint(Timestamp other) {
    return new PartitionState(
        appliedIndex,
        appliedTerm,
        configuration,
        descriptor,
        rows,
        bytes,
        lastCommit,
        other,
        indexes);
  }

  PartitionState withIndexes(List<IndexState> other) {
    return new PartitionState(
        appliedIndex,
        appliedTerm,
        configuration,
        descriptor,
        rows,
        bytes,
        lastCommit,
        safePoint,
        other);
  }

  /// With this index in the place of the one of the same id.
  PartitionState withIndex(IndexState other) {
    return withIndexes(
        indexes.stream()
            .map(index -> index.index().id() == other.index().id() ? other : index)
            .toList());
  }

  byte[] encode() {
    BinaryWriter out = PartitionCodec.begin(512);
    out.number(appliedIndex)
        .number(appliedTerm)
        .bytes(configuration.encode())
        .optional(descriptor, PartitionCodec::writeDescriptor)
        .number(rows)
        .number(bytes)
        .timestamp(lastCommit)
        .timestamp(safePoint)
        .list(indexes, indexes.size(), PartitionState::writeIndex);
    return out.toByteArray();
  }

  static PartitionState decode(byte[] bytes) {
    BinaryReader in = PartitionCodec.begin(bytes);
    var state =
        new PartitionState(
            in.number(),
            in.number(),
            Configuration.decode(in.bytes()),
            in.optional(PartitionCodec::readDescriptor),
            in.number(),
            in.number(),
            in.timestamp(),
            in.timestamp(),
            in.list(PartitionState::readIndex));
    in.end();
    return state;
  }

  /// The applied index of an encoded state.
  static long appliedIndex(byte[] bytes) {
    return PartitionCodec.begin(bytes).number();
  }

  private static void writeIndex(BinaryWriter out, IndexState index) {
    PartitionCodec.writeDefinition(out, index.index());
    out.number(index.revision()).number(index.entries());
    switch (index.phase()) {
      case IndexState.Building(var next, long scanned) ->
          out.raw(BUILDING).optional(next, BinaryWriter::key).number(scanned);
      case IndexState.Ready(var since) -> out.raw(READY).timestamp(since);
      case IndexState.Failed(String message) -> out.raw(FAILED).text(message);
    }
  }

  private static IndexState readIndex(BinaryReader in) {
    var index = PartitionCodec.readDefinition(in);
    long revision = in.number();
    long entries = in.number();
    int phase = in.raw();
    return new IndexState(
        index,
        revision,
        switch (phase) {
          case BUILDING -> new IndexState.Building(in.optional(BinaryReader::key), in.number());
          case READY -> new IndexState.Ready(in.timestamp());
          case FAILED -> new IndexState.Failed(in.text());
          default -> throw new IllegalArgumentException("unknown phase: " + phase);
        },
        entries);
  }
}
