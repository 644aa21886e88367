package dev.partita.node.partition;

import dev.partita.node.error.ErrorCode;
import dev.partita.node.raft.NodeId;

/// The binary form of responses, for the way from node to node.
final class ResponseCodec {

  private static final int WRITES = 1;
  private static final int ROW = 2;
  private static final int ROWS = 3;
  private static final int ENTRIES = 4;
  private static final int PREPARED = 5;
  private static final int FINISHED = 6;
  private static final int NOT_PREPARED = 7;
  private static final int DONE = 8;
  private static final int REPEATED = 9;
  private static final int VOTED = 10;
  private static final int CHANGES = 11;
  private static final int GRANTED = 12;
  private static final int WOUNDED = 13;
  private static final int WRONG_EPOCH = 16;
  private static final int NOT_LEADER = 17;
  private static final int NO_REPLICA = 18;
  private static final int OUT_OF_BOUNDS = 19;
  private static final int OVERLOADED = 20;
  private static final int UNAVAILABLE = 21;
  private static final int OUTCOME_UNKNOWN = 22;
  private static final int TOO_OLD = 23;
  private static final int IN_FUTURE = 24;
  private static final int INDEX_NOT_READY = 25;
  private static final int INVALID = 26;
  private static final int LOCKED = 27;
  private static final int SPLIT = 28;

  private ResponseCodec() {}

  static void write(BinaryWriter out, Response response) {
    switch (response) {
      case Response.Writes(var results) ->
          out.raw(WRITES).list(results, results.size(), ResponseCodec::writeResult);
      case Response.Row(var version, var document) ->
          out.raw(ROW)
              .optional(version, BinaryWriter::timestamp)
              .optional(document, BinaryWriter::json);
      case Response.Rows(var rows, boolean more, var at) ->
          out.raw(ROWS)
              .list(rows, rows.size(), ResponseCodec::writeStored)
              .flag(more)
              .timestamp(at);
      case Response.Entries(var entries, boolean more, var at) ->
          out.raw(ENTRIES)
              .list(entries, entries.size(), ResponseCodec::writeEntry)
              .flag(more)
              .timestamp(at);
      case Response.Changes(var changes, boolean more, var upTo) ->
          out.raw(CHANGES)
              .list(changes, changes.size(), ResponseCodec::writeChange)
              .flag(more)
              .timestamp(upTo);
      case Response.Prepared(var at) -> out.raw(PREPARED).timestamp(at);
      case Response.Finished(var outcome) -> outcome.writeTo(out.raw(FINISHED));
      case Response.NotPrepared(var reason, var results) ->
          out.raw(NOT_PREPARED)
              .text(reason.name())
              .list(results, results.size(), ResponseCodec::writeResult);
      case Response.Granted(var at, var version, var document) ->
          out.raw(GRANTED)
              .timestamp(at)
              .optional(version, BinaryWriter::timestamp)
              .optional(document, BinaryWriter::json);
      case Response.Wounded() -> out.raw(WOUNDED);
      case Response.Done() -> out.raw(DONE);
      case Response.Voted(boolean granted, var prepared, var before) ->
          before.writeTo(out.raw(VOTED).flag(granted).optional(prepared, BinaryWriter::timestamp));
      case Response.Repeated(var at) -> out.raw(REPEATED).timestamp(at);
      case Response.Refusal refusal -> writeRefusal(out, refusal);
    }
  }

  private static void writeRefusal(BinaryWriter out, Response.Refusal refusal) {
    switch (refusal) {
      case Response.WrongEpoch(var current) ->
          PartitionCodec.writeDescriptor(out.raw(WRONG_EPOCH), current);
      case Response.Split(var children) ->
          out.raw(SPLIT).list(children, children.size(), PartitionCodec::writeDescriptor);
      case Response.NotLeader(var leader) ->
          out.raw(NOT_LEADER).optional(leader, (o, node) -> o.number(node.value()));
      case Response.NoReplica() -> out.raw(NO_REPLICA);
      case Response.OutOfBounds(var key) -> PartitionCodec.writeKey(out.raw(OUT_OF_BOUNDS), key);
      case Response.Overloaded(var what) -> out.raw(OVERLOADED).text(what);
      case Response.Unavailable(var reason) -> out.raw(UNAVAILABLE).text(reason);
      case Response.OutcomeUnknown(var reason) -> out.raw(OUTCOME_UNKNOWN).text(reason);
      case Response.TimestampTooOld(var oldest) -> out.raw(TOO_OLD).timestamp(oldest);
      case Response.TimestampInFuture(var newest) -> out.raw(IN_FUTURE).timestamp(newest);
      case Response.IndexNotReady(long index, var readySince) ->
          out.raw(INDEX_NOT_READY).number(index).optional(readySince, BinaryWriter::timestamp);
      case Response.Locked(var holder) -> holder.writeTo(out.raw(LOCKED));
      case Response.Invalid(var reason) -> out.raw(INVALID).text(reason);
    }
  }

  static Response read(BinaryReader in) {
    int kind = in.raw();
    return switch (kind) {
      case WRITES -> new Response.Writes(in.list(ResponseCodec::readResult));
      case ROW ->
          new Response.Row(in.optional(BinaryReader::timestamp), in.optional(BinaryReader::json));
      case ROWS -> new Response.Rows(in.list(ResponseCodec::readStored), in.flag(), in.timestamp());
      case ENTRIES ->
          new Response.Entries(in.list(ResponseCodec::readEntry), in.flag(), in.timestamp());
      case CHANGES ->
          new Response.Changes(in.list(ResponseCodec::readChange), in.flag(), in.timestamp());
      case PREPARED -> new Response.Prepared(in.timestamp());
      case FINISHED -> new Response.Finished(TransactionOutcome.read(in));
      case NOT_PREPARED ->
          new Response.NotPrepared(
              Response.NotPrepared.Reason.valueOf(in.text()), in.list(ResponseCodec::readResult));
      case GRANTED ->
          new Response.Granted(
              in.timestamp(),
              in.optional(BinaryReader::timestamp),
              in.optional(BinaryReader::json));
      case WOUNDED -> new Response.Wounded();
      case DONE -> new Response.Done();
      case VOTED ->
          new Response.Voted(in.flag(), in.optional(BinaryReader::timestamp), Ballots.read(in));
      case REPEATED -> new Response.Repeated(in.timestamp());
      case LOCKED -> new Response.Locked(TransactionId.read(in));
      case WRONG_EPOCH -> new Response.WrongEpoch(PartitionCodec.readDescriptor(in));
      case SPLIT -> new Response.Split(in.list(PartitionCodec::readDescriptor));
      case NOT_LEADER -> new Response.NotLeader(in.optional(i -> new NodeId(i.number())));
      case NO_REPLICA -> new Response.NoReplica();
      case OUT_OF_BOUNDS -> new Response.OutOfBounds(PartitionCodec.readKey(in));
      case OVERLOADED -> new Response.Overloaded(in.text());
      case UNAVAILABLE -> new Response.Unavailable(in.text());
      case OUTCOME_UNKNOWN -> new Response.OutcomeUnknown(in.text());
      case TOO_OLD -> new Response.TimestampTooOld(in.timestamp());
      case IN_FUTURE -> new Response.TimestampInFuture(in.timestamp());
      case INDEX_NOT_READY ->
          new Response.IndexNotReady(in.number(), in.optional(BinaryReader::timestamp));
      case INVALID -> new Response.Invalid(in.text());
      default -> throw new IllegalArgumentException("unknown kind of response: " + kind);
    };
  }

  private static void writeResult(BinaryWriter out, MutationResult result) {
    switch (result) {
      case MutationResult.Written(var version, boolean existed) ->
          out.raw(0).timestamp(version).flag(existed);
      case MutationResult.Conflict(var current) ->
          out.raw(1).optional(current, BinaryWriter::timestamp);
      case MutationResult.UniqueViolation(long index, String name) ->
          out.raw(2).number(index).text(name);
      case MutationResult.Invalid(var code, String reason) ->
          out.raw(3).text(code.name()).text(reason);
      case MutationResult.NotApplied() -> out.raw(4);
      case MutationResult.Unclaimed(long index) -> out.raw(5).number(index);
    }
  }

  private static MutationResult readResult(BinaryReader in) {
    int kind = in.raw();
    return switch (kind) {
      case 0 -> new MutationResult.Written(in.timestamp(), in.flag());
      case 1 -> new MutationResult.Conflict(in.optional(BinaryReader::timestamp));
      case 2 -> new MutationResult.UniqueViolation(in.number(), in.text());
      case 3 -> new MutationResult.Invalid(ErrorCode.valueOf(in.text()), in.text());
      case 4 -> new MutationResult.NotApplied();
      case 5 -> new MutationResult.Unclaimed(in.number());
      default -> throw new IllegalArgumentException("unknown kind of result: " + kind);
    };
  }

  private static void writeStored(BinaryWriter out, Response.Stored row) {
    PartitionCodec.writeKey(out, row.key());
    out.timestamp(row.version()).json(row.document());
  }

  private static Response.Stored readStored(BinaryReader in) {
    return new Response.Stored(PartitionCodec.readKey(in), in.timestamp(), in.json());
  }

  private static void writeChange(BinaryWriter out, Response.Change change) {
    PartitionCodec.writeKey(out, change.key());
    out.timestamp(change.timestamp())
        .optional(change.document(), BinaryWriter::json)
        .optional(change.before(), BinaryWriter::json);
  }

  private static Response.Change readChange(BinaryReader in) {
    return new Response.Change(
        PartitionCodec.readKey(in),
        in.timestamp(),
        in.optional(BinaryReader::json),
        in.optional(BinaryReader::json));
  }

  private static void writeEntry(BinaryWriter out, Response.Entry entry) {
    out.key(entry.position());
    PartitionCodec.writeKey(out, entry.key());
    out.json(entry.values()).optional(entry.row(), ResponseCodec::writeStored);
  }

  private static Response.Entry readEntry(BinaryReader in) {
    return new Response.Entry(
        in.key(), PartitionCodec.readKey(in), in.json(), in.optional(ResponseCodec::readStored));
  }
}
