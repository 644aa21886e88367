package dev.partita.node.partition;

import dev.partita.node.partition.PartitionCommand.Timed;
import dev.partita.node.partition.PartitionCommand.TimedPrepare;
import dev.partita.node.partition.PartitionCommand.TimedWrite;
import dev.partita.node.raft.NodeId;
import java.util.List;

/// The binary form of commands, as they stand in the log.
final class CommandCodec {

  private static final int CREATE = 1;
  private static final int WRITES = 2;
  private static final int ADD_INDEX = 3;
  private static final int DROP_INDEX = 4;
  private static final int BACKFILL = 5;
  private static final int RAISE_SAFE_POINT = 6;
  private static final int TIMED = 7;
  private static final int FINISH = 8;
  private static final int INSPECT = 9;
  private static final int FORGET = 10;
  private static final int PURGE = 11;
  private static final int VOTE = 12;
  private static final int SPLIT = 13;
  private static final int DROP_INHERITED = 15;
  private static final int FINISH_ALL = 16;
  private static final int FREEZE = 17;
  private static final int UNFREEZE = 18;
  private static final int RAISE_EPOCH = 19;
  private static final int SPLIT_LED = 20;
  private static final int CORRECT_COUNTERS = 21;

  private CommandCodec() {}

  static byte[] encode(PartitionCommand command, int sizeExpected) {
    BinaryWriter out = PartitionCodec.begin(sizeExpected);
    switch (command) {
      case PartitionCommand.Create(var descriptor) ->
          PartitionCodec.writeDescriptor(out.raw(CREATE), descriptor);
      case PartitionCommand.Writes(var writes) -> writeAll(out, writes);
      case PartitionCommand.AddIndex(var index, long revision) -> {
        PartitionCodec.writeDefinition(out.raw(ADD_INDEX), index);
        out.number(revision);
      }
      case PartitionCommand.DropIndex(long index, long revision) ->
          out.raw(DROP_INDEX).number(index).number(revision);
      case PartitionCommand.Backfill(long index, int rows) ->
          out.raw(BACKFILL).number(index).number(rows);
      case PartitionCommand.RaiseSafePoint(var safePoint) ->
          out.raw(RAISE_SAFE_POINT).timestamp(safePoint);
      case PartitionCommand.FinishTransaction finish -> writeFinish(out.raw(FINISH), finish);
      case PartitionCommand.FinishTransactions(var ends) ->
          out.raw(FINISH_ALL).list(ends, ends.size(), CommandCodec::writeFinish);
      case PartitionCommand.InspectTransaction(var id, var started) -> {
        id.writeTo(out.raw(INSPECT));
        out.timestamp(started);
      }
      case PartitionCommand.VoteTransaction(var id, var started, long ballot, var outcome) -> {
        id.writeTo(out.raw(VOTE));
        out.timestamp(started).number(ballot).optional(outcome, (o, value) -> value.writeTo(o));
      }
      case PartitionCommand.ForgetTransactions(var ids) ->
          out.raw(FORGET).list(ids, ids.size(), (o, id) -> id.writeTo(o));
      case PartitionCommand.PurgeTransactions(var before) -> out.raw(PURGE).timestamp(before);
      case PartitionCommand.Split split -> writeSplit(out, split);
      case PartitionCommand.Freeze(var epoch, var into, var bounds) -> {
        out.raw(FREEZE).number(epoch.value()).number(into.id().value()).text(into.name());
        PartitionCodec.writeBounds(out, bounds);
      }
      case PartitionCommand.Unfreeze(var into) -> out.raw(UNFREEZE).number(into.value());
      case PartitionCommand.CorrectCounters(long rows, long bytes) ->
          out.raw(CORRECT_COUNTERS).signed(rows).signed(bytes);
      case PartitionCommand.DropInherited() -> out.raw(DROP_INHERITED);
      case PartitionCommand.RaiseEpoch(var epoch) -> out.raw(RAISE_EPOCH).number(epoch.value());
    }
    return out.toByteArray();
  }

  static PartitionCommand decode(byte[] bytes) {
    BinaryReader in = PartitionCodec.begin(bytes);
    int kind = in.raw();
    PartitionCommand command =
        switch (kind) {
          case CREATE -> new PartitionCommand.Create(PartitionCodec.readDescriptor(in));
          case WRITES -> new PartitionCommand.Writes(in.<Timed>list(CommandCodec::readWrite));
          case TIMED -> new PartitionCommand.Writes(in.list(CommandCodec::readTimed));
          case ADD_INDEX ->
              new PartitionCommand.AddIndex(PartitionCodec.readDefinition(in), in.number());
          case DROP_INDEX -> new PartitionCommand.DropIndex(in.number(), in.number());
          case BACKFILL -> new PartitionCommand.Backfill(in.number(), in.count32());
          case RAISE_SAFE_POINT -> new PartitionCommand.RaiseSafePoint(in.timestamp());
          case FINISH -> readFinish(in);
          case FINISH_ALL ->
              new PartitionCommand.FinishTransactions(in.list(CommandCodec::readFinish));
          case INSPECT ->
              new PartitionCommand.InspectTransaction(TransactionId.read(in), in.timestamp());
          case VOTE ->
              new PartitionCommand.VoteTransaction(
                  TransactionId.read(in),
                  in.timestamp(),
                  in.number(),
                  in.optional(TransactionOutcome::read));
          case FORGET -> new PartitionCommand.ForgetTransactions(in.list(TransactionId::read));
          case PURGE -> new PartitionCommand.PurgeTransactions(in.timestamp());
          case SPLIT -> readSplit(in);
          case SPLIT_LED -> readSplit(in).ledBy(new NodeId(in.number()));
          case FREEZE ->
              new PartitionCommand.Freeze(
                  new Epoch(in.number()),
                  new PartitionCommand.Child(new PartitionId(in.number()), in.text()),
                  PartitionCodec.readBounds(in));
          case UNFREEZE -> new PartitionCommand.Unfreeze(new PartitionId(in.number()));
          case CORRECT_COUNTERS -> new PartitionCommand.CorrectCounters(in.signed(), in.signed());
          case DROP_INHERITED -> new PartitionCommand.DropInherited();
          case RAISE_EPOCH -> new PartitionCommand.RaiseEpoch(new Epoch(in.number()));
          default -> throw new IllegalArgumentException("unknown kind of command: " + kind);
        };
    in.end();
    return command;
  }

  /// That a leader is named is a kind of its own: members who would not understand it must not
  /// begin the children in another way than the others.
  private static void writeSplit(BinaryWriter out, PartitionCommand.Split split) {
    NodeId leader = split.leader();
    out.raw(leader == null ? SPLIT : SPLIT_LED)
        .number(split.epoch().value())
        .optional(split.at(), PartitionCodec::writeDatum)
        .list(
            split.children(),
            split.children().size(),
            (o, child) -> o.number(child.id().value()).text(child.name()));
    if (leader != null) {
      out.number(leader.value());
    }
  }

  private static PartitionCommand.Split readSplit(BinaryReader in) {
    return new PartitionCommand.Split(
        new Epoch(in.number()),
        in.optional(PartitionCodec::readDatum),
        in.list(each -> new PartitionCommand.Child(new PartitionId(each.number()), each.text())));
  }

  private static void writeFinish(BinaryWriter out, PartitionCommand.FinishTransaction finish) {
    finish.id().writeTo(out);
    finish.outcome().writeTo(out.timestamp(finish.started()));
  }

  private static PartitionCommand.FinishTransaction readFinish(BinaryReader in) {
    return new PartitionCommand.FinishTransaction(
        TransactionId.read(in), in.timestamp(), TransactionOutcome.read(in));
  }

  /// Plain writes alone have a form of their own, without a kind for each of them.
  private static void writeAll(BinaryWriter out, List<Timed> writes) {
    boolean plain = writes.stream().allMatch(TimedWrite.class::isInstance);
    out.raw(plain ? WRITES : TIMED)
        .list(
            writes,
            writes.size(),
            (o, timed) -> {
              switch (timed) {
                case TimedWrite write -> writeWrite(plain ? o : o.raw(0), write);
                case TimedPrepare(var timestamp, var prepare) -> {
                  o.raw(prepare.claims().isEmpty() ? 1 : 2)
                      .timestamp(timestamp)
                      .number(prepare.partition().value())
                      .number(prepare.epoch().value());
                  RequestCodec.writePrepare(o, prepare);
                }
              }
            });
  }

  private static Timed readTimed(BinaryReader in) {
    int kind = in.raw();
    return switch (kind) {
      case 0 -> readWrite(in);
      case 1, 2 ->
          new TimedPrepare(
              in.timestamp(),
              RequestCodec.readPrepare(
                  in, new PartitionId(in.number()), new Epoch(in.number()), kind == 2));
      default -> throw new IllegalArgumentException("unknown kind of write: " + kind);
    };
  }

  private static void writeWrite(BinaryWriter out, TimedWrite write) {
    out.timestamp(write.timestamp())
        .number(write.epoch().value())
        .flag(write.atomic())
        .list(write.mutations(), write.mutations().size(), RequestCodec::writeMutation);
  }

  private static TimedWrite readWrite(BinaryReader in) {
    return new TimedWrite(
        in.timestamp(), new Epoch(in.number()), in.flag(), in.list(RequestCodec::readMutation));
  }
}
