package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import java.util.ArrayList;
import java.util.List;

/// The binary forms of the parts of a [PartitionState].
///
/// What splits have to do with stands behind everything else, and only where there is something of
/// it: the form of a state without it is the one that nodes had before there were splits. The same
/// holds for merges, behind that.
final class PartitionStateCodec {

  private static final int BUILDING = 0;
  private static final int READY = 1;
  private static final int FAILED = 2;

  private PartitionStateCodec() {}

  static void writeIndex(BinaryWriter out, IndexState index) {
    PartitionCodec.writeDefinition(out, index.index());
    out.number(index.revision()).number(index.entries());
    switch (index.phase()) {
      case IndexState.Building(var next, long scanned) ->
          out.raw(BUILDING).optional(next, BinaryWriter::key).number(scanned);
      case IndexState.Ready(var since) -> out.raw(READY).timestamp(since);
      case IndexState.Failed(String message) -> out.raw(FAILED).text(message);
    }
  }

  static IndexState readIndex(BinaryReader in) {
    IndexDefinition index = PartitionCodec.readDefinition(in);
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

  static void writeSplit(BinaryWriter out, PartitionState state) {
    boolean plain =
        state.split() == null
            && !state.estimated()
            && state.indexes().stream().allMatch(index -> index.inherited().isEmpty());
    boolean unmerged = isUnmerged(state);
    if (plain && unmerged) {
      return;
    }
    out.optional(state.split(), (o, split) -> split.writeTo(o))
        .flag(state.estimated())
        .list(
            state.indexes(),
            state.indexes().size(),
            (o, index) ->
                o.list(
                    index.inherited(),
                    index.inherited().size(),
                    PartitionStateCodec::writeInherited));
    if (!unmerged) {
      writeMerge(out, state);
    }
  }

  private static boolean isUnmerged(PartitionState state) {
    return state.freeze() == null
        && state.indexes().stream()
            .flatMap(index -> index.inherited().stream())
            .allMatch(share -> share.within().isEmpty());
  }

  private static void writeMerge(BinaryWriter out, PartitionState state) {
    out.optional(state.freeze(), (o, freeze) -> freeze.writeTo(o))
        .list(
            state.indexes(),
            state.indexes().size(),
            (o, index) ->
                o.list(
                    index.inherited(),
                    index.inherited().size(),
                    (each, share) ->
                        each.list(
                            share.within(), share.within().size(), PartitionCodec::writeBounds)));
  }

  private static PartitionState readMerge(BinaryReader in, PartitionState state) {
    FreezeState freeze = in.optional(FreezeState::read);
    List<List<List<Bounds>>> within =
        in.list(index -> index.list(share -> share.list(PartitionCodec::readBounds)));
    var indexes = new ArrayList<IndexState>();
    for (int at = 0; at < state.indexes().size(); at++) {
      IndexState index = state.indexes().get(at);
      var shares = new ArrayList<IndexState.Inherited>();
      for (int share = 0; share < index.inherited().size(); share++) {
        shares.add(index.inherited().get(share).within(within.get(at).get(share)));
      }
      indexes.add(
          new IndexState(index.index(), index.revision(), index.phase(), index.entries(), shares));
    }
    PartitionState read = state.withIndexes(indexes);
    PartitionDescriptor descriptor = read.descriptor();
    return freeze == null || descriptor == null ? read : read.withFreeze(descriptor, freeze);
  }

  static PartitionState readSplit(BinaryReader in, PartitionState state) {
    if (in.isAtEnd()) {
      return state;
    }
    SplitState split = in.optional(SplitState::read);
    boolean estimated = in.flag();
    List<List<IndexState.Inherited>> inherited =
        in.list(each -> each.list(PartitionStateCodec::readInherited));
    var indexes = new ArrayList<IndexState>();
    for (int at = 0; at < state.indexes().size(); at++) {
      IndexState index = state.indexes().get(at);
      indexes.add(
          new IndexState(
              index.index(), index.revision(), index.phase(), index.entries(), inherited.get(at)));
    }
    PartitionState read = state.withEstimated(estimated).withSplit(split, indexes);
    return in.isAtEnd() ? read : readMerge(in, read);
  }

  private static void writeInherited(BinaryWriter out, IndexState.Inherited share) {
    out.number(share.space())
        .timestamp(share.since())
        .optional(share.until(), BinaryWriter::timestamp)
        .number(share.entries());
  }

  private static IndexState.Inherited readInherited(BinaryReader in) {
    return new IndexState.Inherited(
        in.number(), in.timestamp(), in.optional(BinaryReader::timestamp), in.number(), List.of());
  }
}
