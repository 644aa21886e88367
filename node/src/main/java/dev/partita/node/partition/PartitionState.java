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
/// @param rows live rows; while they are estimated it may be any number
/// @param bytes of their keys and documents
/// @param lastCommit the highest timestamp of a write
/// @param safePoint the oldest timestamp that can be read
/// @param split who has the rows; null unless the Partition was split
/// @param estimated whether `rows` and `bytes` are off, by as much at all times, see [RowCount]
/// @param freeze that nothing is changed until the Partition has been merged; null unless it is so
public record PartitionState(
    long appliedIndex,
    long appliedTerm,
    Configuration configuration,
    @Nullable PartitionDescriptor descriptor,
    long rows,
    long bytes,
    Timestamp lastCommit,
    Timestamp safePoint,
    List<IndexState> indexes,
    @Nullable SplitState split,
    boolean estimated,
    @Nullable FreezeState freeze) {

  /// Nothing applied.
  static final PartitionState EMPTY =
      new PartitionState(
          0,
          0,
          Configuration.EMPTY,
          null,
          0,
          0,
          Timestamp.MIN,
          Timestamp.MIN,
          List.of(),
          null,
          false,
          null);

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

  /// Whether there is certainly no row.
  boolean isEmpty() {
    return rows == 0 && !estimated;
  }

  /// A state from which some fields are changed.
  private Changed change() {
    return new Changed(this);
  }

  PartitionState applied(long index, long term) {
    Changed next = change();
    next.appliedIndex = index;
    next.appliedTerm = term;
    return next.done();
  }

  PartitionState withConfiguration(Configuration other) {
    Changed next = change();
    next.configuration = other;
    return next.done();
  }

  PartitionState withDescriptor(PartitionDescriptor other) {
    Changed next = change();
    next.descriptor = other;
    return next.done();
  }

  PartitionState withCounters(long newRows, long newBytes, Timestamp newLastCommit) {
    Changed next = change();
    next.rows = newRows;
    next.bytes = newBytes;
    next.lastCommit = newLastCommit;
    return next.done();
  }

  PartitionState withSafePoint(Timestamp other) {
    Changed next = change();
    next.safePoint = other;
    return next.done();
  }

  /// Whether it has the same indexes as another state, and the same of them can be read.
  boolean readsSameIndexes(PartitionState other) {
    if (indexes.size() != other.indexes.size()) {
      return false;
    }
    for (int at = 0; at < indexes.size(); at++) {
      IndexState mine = indexes.get(at);
      IndexState theirs = other.indexes.get(at);
      if (mine.index().id() != theirs.index().id() || mine.isReadable() != theirs.isReadable()) {
        return false;
      }
    }
    return true;
  }

  PartitionState withIndexes(List<IndexState> other) {
    Changed next = change();
    next.indexes = other;
    return next.done();
  }

  /// With this index in the place of the one of the same id.
  PartitionState withIndex(IndexState other) {
    return withIndexes(
        indexes.stream()
            .map(index -> index.index().id() == other.index().id() ? other : index)
            .toList());
  }

  PartitionState withEstimated(boolean other) {
    Changed next = change();
    next.estimated = other;
    return next.done();
  }

  /// Without rows, which others have from now on.
  PartitionState split(PartitionDescriptor own, SplitState by) {
    Changed next = change();
    next.descriptor = own;
    next.rows = 0;
    next.bytes = 0;
    next.indexes = List.of();
    next.split = by;
    next.estimated = false;
    next.freeze = null;
    return next.done();
  }

  /// Unchanged until it is merged, or unfrozen.
  PartitionState withFreeze(PartitionDescriptor own, @Nullable FreezeState other) {
    Changed next = change();
    next.descriptor = own;
    next.freeze = other;
    return next.done();
  }

  PartitionState withSplit(@Nullable SplitState other, List<IndexState> newIndexes) {
    Changed next = change();
    next.split = other;
    next.indexes = newIndexes;
    return next.done();
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
        .list(indexes, indexes.size(), PartitionStateCodec::writeIndex);
    PartitionStateCodec.writeSplit(out, this);
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
            in.list(PartitionStateCodec::readIndex),
            null,
            false,
            null);
    state = PartitionStateCodec.readSplit(in, state);
    in.end();
    return state;
  }

  /// The applied index of an encoded state.
  static long appliedIndex(byte[] bytes) {
    return PartitionCodec.begin(bytes).number();
  }

  /// The fields on their way to another state.
  static final class Changed {
    private long appliedIndex;
    private long appliedTerm;
    private Configuration configuration;
    private @Nullable PartitionDescriptor descriptor;
    private long rows;
    private long bytes;
    private Timestamp lastCommit;
    private Timestamp safePoint;
    private List<IndexState> indexes;
    private @Nullable SplitState split;
    private boolean estimated;
    private @Nullable FreezeState freeze;

    private Changed(PartitionState from) {
      appliedIndex = from.appliedIndex;
      appliedTerm = from.appliedTerm;
      configuration = from.configuration;
      descriptor = from.descriptor;
      rows = from.rows;
      bytes = from.bytes;
      lastCommit = from.lastCommit;
      safePoint = from.safePoint;
      indexes = from.indexes;
      split = from.split;
      estimated = from.estimated;
      freeze = from.freeze;
    }

    private PartitionState done() {
      return new PartitionState(
          appliedIndex,
          appliedTerm,
          configuration,
          descriptor,
          rows,
          bytes,
          lastCommit,
          safePoint,
          indexes,
          split,
          estimated,
          freeze);
    }
  }
}
