package dev.partita.node.partition;

import dev.partita.node.index.FieldPath;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.index.IndexValue;
import dev.partita.node.key.Datum;
import dev.partita.node.key.KeyReader;
import dev.partita.node.key.KeyWriter;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.raft.Configuration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The binary forms of the values that requests, responses, commands and stored state share. Forms
/// that are stored or replicated begin with a format byte.
public final class PartitionCodec {

  private static final int FORMAT = 1;

  private static final int UNIQUE_INSIDE = 1;
  private static final int UNIQUE_IN_COLLECTION = 2;

  private PartitionCodec() {}

  /// The stored form of a descriptor, which [#decodeDescriptor] reads.
  public static byte[] encode(PartitionDescriptor descriptor) {
    var out = new BinaryWriter(128).raw(FORMAT);
    writeDescriptor(out, descriptor);
    return out.toByteArray();
  }

  /// Reads a descriptor.
  ///
  /// @throws IllegalArgumentException if the bytes are none
  public static PartitionDescriptor decodeDescriptor(byte[] bytes) {
    BinaryReader in = begin(bytes);
    PartitionDescriptor descriptor = readDescriptor(in);
    in.end();
    return descriptor;
  }

  /// The stored form of an index definition, which [#decodeDefinition] reads.
  public static byte[] encode(IndexDefinition definition) {
    var out = new BinaryWriter(128).raw(FORMAT);
    writeDefinition(out, definition);
    return out.toByteArray();
  }

  /// Reads an index definition.
  ///
  /// @throws IllegalArgumentException if the bytes are none
  public static IndexDefinition decodeDefinition(byte[] bytes) {
    BinaryReader in = begin(bytes);
    IndexDefinition definition = readDefinition(in);
    in.end();
    return definition;
  }

  /// The form of a request for the way to another node, which [#decodeRequest] reads.
  ///
  /// @param timeoutMillis what remains until the sender stops waiting
  static byte[] encode(Request request, long timeoutMillis) {
    BinaryWriter out = begin(256).number(timeoutMillis);
    RequestCodec.write(out, request);
    return out.toByteArray();
  }

  static TimedRequest decodeRequest(byte[] bytes) {
    BinaryReader in = begin(bytes);
    var request = new TimedRequest(in.number(), RequestCodec.read(in));
    in.end();
    return request;
  }

  /// A request with the time that its sender waits for the answer.
  record TimedRequest(long timeoutMillis, Request request) {}

  /// The form of a response for the way to another node, which [#decodeResponse] reads.
  static byte[] encode(Response response) {
    BinaryWriter out = begin(256);
    ResponseCodec.write(out, response);
    return out.toByteArray();
  }

  static Response decodeResponse(byte[] bytes) {
    BinaryReader in = begin(bytes);
    Response response = ResponseCodec.read(in);
    in.end();
    return response;
  }

  /// A reader behind the format byte.
  static BinaryReader begin(byte[] bytes) {
    var in = new BinaryReader(bytes);
    int format = in.raw();
    if (format != FORMAT) {
      throw new IllegalArgumentException("unknown format: " + format);
    }
    return in;
  }

  /// A writer behind the format byte.
  static BinaryWriter begin(int sizeExpected) {
    return new BinaryWriter(sizeExpected).raw(FORMAT);
  }

  static void writeDescriptor(BinaryWriter out, PartitionDescriptor descriptor) {
    out.number(descriptor.id().value())
        .text(descriptor.name())
        .number(descriptor.collectionId())
        .text(descriptor.collection());
    writeBounds(out, descriptor.bounds());
    if (descriptor.bounds() instanceof Bounds.Columns) {
      out.number(descriptor.columnGroup());
    }
    out.number(descriptor.epoch().value()).bytes(descriptor.members().encode());
  }

  static PartitionDescriptor readDescriptor(BinaryReader in) {
    var id = new PartitionId(in.number());
    String name = in.text();
    long collectionId = in.number();
    String collection = in.text();
    Bounds bounds = readBounds(in);
    int columnGroup = bounds instanceof Bounds.Columns ? in.count32() : 0;
    return new PartitionDescriptor(
        id,
        name,
        collectionId,
        collection,
        bounds,
        new Epoch(in.number()),
        Configuration.decode(in.bytes()),
        columnGroup);
  }

  static void writeBounds(BinaryWriter out, Bounds bounds) {
    switch (bounds) {
      case Bounds.Range(@Nullable Datum start, @Nullable Datum end) ->
          out.raw(0)
              .optional(start, PartitionCodec::writeDatum)
              .optional(end, PartitionCodec::writeDatum);
      case Bounds.Interval(long origin, long width, long number) ->
          out.raw(1).signed(origin).number(width).signed(number);
      case Bounds.Hash(int modulus, int remainder) -> out.raw(2).number(modulus).number(remainder);
      case Bounds.Columns(var columns) ->
          out.raw(3).list(columns, columns.size(), BinaryWriter::text);
      case Bounds.Family(long origin, long width) -> out.raw(4).signed(origin).number(width);
    }
  }

  static Bounds readBounds(BinaryReader in) {
    int kind = in.raw();
    return switch (kind) {
      case 0 ->
          new Bounds.Range(
              in.optional(PartitionCodec::readDatum), in.optional(PartitionCodec::readDatum));
      case 1 -> new Bounds.Interval(in.signed(), in.number(), in.signed());
      case 2 -> new Bounds.Hash(in.count32(), in.count32());
      case 3 -> new Bounds.Columns(in.list(BinaryReader::text));
      case 4 -> new Bounds.Family(in.signed(), in.number());
      default -> throw new IllegalArgumentException("unknown kind of bounds: " + kind);
    };
  }

  static void writeDefinition(BinaryWriter out, IndexDefinition index) {
    out.number(index.id())
        .text(index.name())
        .text(index.collection())
        .list(index.terms(), index.terms().size(), (o, term) -> o.text(term.field().toString()))
        .list(
            index.values(),
            index.values().size(),
            (o, value) -> o.text(value.field().toString()).flag(value.descending()))
        .raw(index.claims() ? UNIQUE_IN_COLLECTION : index.unique() ? UNIQUE_INSIDE : 0);
  }

  static IndexDefinition readDefinition(BinaryReader in) {
    long id = in.number();
    String name = in.text();
    String collection = in.text();
    List<IndexTerm> terms = in.list(term -> IndexTerm.of(term.text()));
    List<IndexValue> values =
        in.list(value -> new IndexValue(FieldPath.parse(value.text()), value.flag()));
    int unique = in.raw();
    if (unique > UNIQUE_IN_COLLECTION) {
      throw new IllegalArgumentException("unknown kind of index: " + unique);
    }
    return new IndexDefinition(
        id,
        name,
        collection,
        terms,
        values,
        unique != 0,
        unique == UNIQUE_IN_COLLECTION ? IndexDefinition.Scope.COLLECTION : null);
  }

  static void writeDatum(BinaryWriter out, Datum datum) {
    out.bytes(new KeyWriter().write(datum).toKey().unsafeBytes());
  }

  static Datum readDatum(BinaryReader in) {
    return new KeyReader(in.key()).read();
  }

  static void writeKey(BinaryWriter out, PrimaryKey key) {
    out.key(key.encoded());
  }

  static PrimaryKey readKey(BinaryReader in) {
    return PrimaryKey.read(new KeyReader(in.key()));
  }
}
