package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import java.util.ArrayList;
import java.util.List;

/// The binary forms of the parts of a [PartitionState].
///
/// What splits have to do with stands behind everything else, and only where there is something of
/// it: the form of a state without it is the one that nodes had before there were splits.
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
            && state.recount() == null
            && state.indexes().stream().allMatch(index -> index.inherited().isEmpty());
    if (plain) {
      return;
    }
    out.optional(state.split(), (o, split) -> split.writeTo(o))
        .optional(state.recount(), (o, recount) -> recount.writeTo(o))
        .list(
            state.indexes(),
            state.indexes().size(),
            (o, index) ->
                o.list(
                    index.inherited(),
                    index.inherited().size(),
                    PartitionStateCodec::writeInherited));
  }

  static PartitionState readSplit(BinaryReader in, PartitionState state) {
    if (in.isAtEnd()) {
      return state;
    }
    SplitState split = in.optional(SplitState::read);
    Recount recount = in.optional(Recount::read);
    List<List<IndexState.Inherited>> inherited =
        in.list(each -> each.list(PartitionStateCodec::readInherited));
    var indexes = new ArrayList<IndexState>();
    for (int at = 0; at < state.indexes().size(); at++) {
      IndexState index = state.indexes().get(at);
      indexes.add(
          new IndexState(
              index.index(), index.revision(), index.phase(), index.entries(), inherited.get(at)));
    }
    return state.withRecount(recount).withSplit(split, indexes);
  }

  private static void writeInherited(BinaryWriter out, IndexState.Inherited share) {
    out.number(share.space())
        .timestamp(share.since())
        .optional(share.until(), BinaryWriter::timestamp)
        .number(share.entries());
  }

  private static IndexState.Inherited readInherited(BinaryReader in) {
    return new IndexState.Inherited(
        in.number(), in.timestamp(), in.optional(BinaryReader::timestamp), in.number());
  }
}
