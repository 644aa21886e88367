package dev.partita.node.partition;

import dev.partita.node.partition.Mutation.Precondition;
import dev.partita.node.storage.Direction;
import java.util.List;
import java.util.Set;

/// The binary form of requests, for the way from node to node.
final class RequestCodec {

  private static final int WRITE = 1;
  private static final int READ = 2;
  private static final int SCAN = 3;
  private static final int INDEX_SCAN = 4;
  private static final int PREPARE = 5;
  private static final int FINISH = 6;
  private static final int INSPECT = 7;
  private static final int FORGET = 8;
  private static final int LOOKUP = 9;
  private static final int VOTE = 10;
  private static final int CHANGES = 11;
  private static final int CLAIMING = 12;
  private static final int LOCK = 13;
  private static final int RENEW_LOCKS = 14;
  private static final int UNLOCK = 15;
  private static final int EXTENDING = 16;

  private RequestCodec() {}

  static void write(BinaryWriter out, Request request) {
    switch (request) {
      case Request.Write write -> {
        begin(out, WRITE, write);
        out.list(write.mutations(), write.mutations().size(), RequestCodec::writeMutation)
            .flag(write.atomic());
      }
      case Request.Read read -> {
        begin(out, READ, read);
        PartitionCodec.writeKey(out, read.key());
        out.optional(read.at(), BinaryWriter::timestamp);
      }
      case Request.Scan scan -> {
        begin(out, SCAN, scan);
        out.optional(scan.start(), PartitionCodec::writeKey)
            .optional(scan.end(), PartitionCodec::writeKey)
            .flag(scan.direction() == Direction.BACKWARD)
            .optional(scan.after(), PartitionCodec::writeKey)
            .number(scan.limit())
            .optional(scan.at(), BinaryWriter::timestamp);
      }
      case Request.IndexScan scan -> {
        begin(out, INDEX_SCAN, scan);
        out.number(scan.indexId())
            .list(scan.terms(), scan.terms().size(), PartitionCodec::writeDatum)
            .flag(scan.direction() == Direction.BACKWARD)
            .optional(scan.after(), BinaryWriter::key)
            .number(scan.limit())
            .flag(scan.documents())
            .optional(scan.at(), BinaryWriter::timestamp);
      }
      case Request.Changes changes -> {
        begin(out, CHANGES, changes);
        out.key(changes.after().encoded())
            .timestamp(changes.upTo())
            .number(changes.limit())
            .flag(changes.before());
      }
      case Request.Prepare prepare -> {
        boolean claims = !prepare.claims().isEmpty();
        List<Extent> extents = prepare.extents();
        if (extents.isEmpty()) {
          begin(out, claims ? CLAIMING : PREPARE, prepare);
        } else {
          begin(out, EXTENDING, prepare);
          out.list(extents, extents.size(), (o, extent) -> extent.writeTo(o)).flag(claims);
        }
        writePrepare(out, prepare);
      }
      case Request.Finish finish -> {
        begin(out, FINISH, finish);
        finish.id().writeTo(out);
        finish.outcome().writeTo(out.timestamp(finish.started()));
      }
      case Request.Inspect inspect -> {
        begin(out, INSPECT, inspect);
        inspect.id().writeTo(out);
        out.timestamp(inspect.started());
      }
      case Request.Forget forget -> {
        begin(out, FORGET, forget);
        forget.id().writeTo(out);
      }
      case Request.Vote vote -> {
        begin(out, VOTE, vote);
        vote.id().writeTo(out);
        out.timestamp(vote.started())
            .number(vote.ballot())
            .optional(vote.outcome(), (o, outcome) -> outcome.writeTo(o));
      }
      case Request.Lookup lookup -> {
        begin(out, LOOKUP, lookup);
        lookup.id().writeTo(out);
      }
      case Request.Lock lock -> {
        begin(out, LOCK, lock);
        lock.transaction().writeTo(out);
        PartitionCodec.writeKey(out.timestamp(lock.priority()), lock.row());
      }
      case Request.RenewLocks renewal -> {
        begin(out, RENEW_LOCKS, renewal);
        renewal.transaction().writeTo(out);
        out.timestamp(renewal.priority())
            .list(renewal.rows(), renewal.rows().size(), PartitionCodec::writeKey);
      }
      case Request.Unlock unlock -> {
        begin(out, UNLOCK, unlock);
        unlock.transaction().writeTo(out);
      }
    }
  }

  /// All but the extents, which are of no interest any more when there is a timestamp.
  static void writePrepare(BinaryWriter out, Request.Prepare prepare) {
    prepare.transaction().writeTo(out);
    prepare.reads().writeTo(out);
    out.list(prepare.mutations(), prepare.mutations().size(), RequestCodec::writeMutation);
    if (!prepare.claims().isEmpty()) {
      List<Long> claims = prepare.claims().stream().sorted().toList();
      out.list(claims, claims.size(), BinaryWriter::number);
    }
  }

  /// @param claims whether it has some: the form without them is that of older versions
  static Request.Prepare readPrepare(
      BinaryReader in, PartitionId partition, Epoch epoch, boolean claims) {
    return readPrepare(in, partition, epoch, claims, List.of());
  }

  private static Request.Prepare readPrepare(
      BinaryReader in, PartitionId partition, Epoch epoch, boolean claims, List<Extent> extents) {
    return new Request.Prepare(
        partition,
        epoch,
        Transaction.read(in),
        ReadSet.read(in),
        in.list(RequestCodec::readMutation),
        claims ? Set.copyOf(in.list(BinaryReader::number)) : Set.of(),
        extents);
  }

  private static void begin(BinaryWriter out, int kind, Request request) {
    out.raw(kind).number(request.partition().value()).number(request.epoch().value());
  }

  static Request read(BinaryReader in) {
    int kind = in.raw();
    var partition = new PartitionId(in.number());
    var epoch = new Epoch(in.number());
    return switch (kind) {
      case WRITE ->
          new Request.Write(partition, epoch, in.list(RequestCodec::readMutation), in.flag());
      case READ ->
          new Request.Read(
              partition, epoch, PartitionCodec.readKey(in), in.optional(BinaryReader::timestamp));
      case SCAN ->
          new Request.Scan(
              partition,
              epoch,
              in.optional(PartitionCodec::readKey),
              in.optional(PartitionCodec::readKey),
              direction(in),
              in.optional(PartitionCodec::readKey),
              in.count32(),
              in.optional(BinaryReader::timestamp));
      case INDEX_SCAN ->
          new Request.IndexScan(
              partition,
              epoch,
              in.number(),
              in.list(PartitionCodec::readDatum),
              direction(in),
              in.optional(BinaryReader::key),
              in.count32(),
              in.flag(),
              in.optional(BinaryReader::timestamp));
      case CHANGES ->
          new Request.Changes(
              partition,
              epoch,
              ChangePosition.decode(in.key()),
              in.timestamp(),
              in.count32(),
              in.flag());
      case PREPARE -> readPrepare(in, partition, epoch, false);
      case CLAIMING -> readPrepare(in, partition, epoch, true);
      case EXTENDING -> {
        List<Extent> extents = in.list(Extent::read);
        yield readPrepare(in, partition, epoch, in.flag(), extents);
      }
      case FINISH ->
          new Request.Finish(
              partition,
              epoch,
              TransactionId.read(in),
              in.timestamp(),
              TransactionOutcome.read(in));
      case INSPECT -> new Request.Inspect(partition, epoch, TransactionId.read(in), in.timestamp());
      case FORGET -> new Request.Forget(partition, epoch, TransactionId.read(in));
      case VOTE ->
          new Request.Vote(
              partition,
              epoch,
              TransactionId.read(in),
              in.timestamp(),
              in.number(),
              in.optional(TransactionOutcome::read));
      case LOOKUP -> new Request.Lookup(partition, epoch, TransactionId.read(in));
      case LOCK ->
          new Request.Lock(
              partition, epoch, TransactionId.read(in), in.timestamp(), PartitionCodec.readKey(in));
      case RENEW_LOCKS ->
          new Request.RenewLocks(
              partition,
              epoch,
              TransactionId.read(in),
              in.timestamp(),
              in.list(PartitionCodec::readKey));
      case UNLOCK -> new Request.Unlock(partition, epoch, TransactionId.read(in));
      default -> throw new IllegalArgumentException("unknown kind of request: " + kind);
    };
  }

  private static Direction direction(BinaryReader in) {
    return in.flag() ? Direction.BACKWARD : Direction.FORWARD;
  }

  static void writeMutation(BinaryWriter out, Mutation mutation) {
    PartitionCodec.writeKey(out, mutation.key());
    out.optional(mutation.document(), BinaryWriter::json);
    switch (mutation.precondition()) {
      case Mutation.Always() -> out.raw(0);
      case Mutation.IfAbsent() -> out.raw(1);
      case Mutation.IfPresent() -> out.raw(2);
      case Mutation.IfVersion(var version) -> out.raw(3).timestamp(version);
      case Mutation.IfAbsentOr(var document) -> out.raw(4).json(document);
    }
  }

  static Mutation readMutation(BinaryReader in) {
    return new Mutation(
        PartitionCodec.readKey(in), in.optional(BinaryReader::json), readPrecondition(in));
  }

  private static Precondition readPrecondition(BinaryReader in) {
    int kind = in.raw();
    return switch (kind) {
      case 0 -> new Mutation.Always();
      case 1 -> new Mutation.IfAbsent();
      case 2 -> new Mutation.IfPresent();
      case 3 -> new Mutation.IfVersion(in.timestamp());
      case 4 -> new Mutation.IfAbsentOr(in.json());
      default -> throw new IllegalArgumentException("unknown kind of precondition: " + kind);
    };
  }
}
