package dev.partita.node.partition;

import dev.partita.node.key.Key;
import org.jspecify.annotations.Nullable;

/// The count of the rows of a Partition that was made by a split: rows are counted by entries of
/// the log that each cover some, and writes behind the place where the count stands change what is
/// counted. Until it has come to the end, the Partition's figures are an estimate.
///
/// @param next storage key of the first row not counted yet, null before the first
record Recount(@Nullable Key next, long rows, long bytes) {

  static final Recount BEGIN = new Recount(null, 0, 0);

  /// Whether a row lies where the count has been.
  boolean covers(Key row) {
    return next != null && row.compareTo(next) < 0;
  }

  Recount with(long newRows, long newBytes) {
    return new Recount(next, newRows, newBytes);
  }

  void writeTo(BinaryWriter out) {
    out.optional(next, BinaryWriter::key).number(rows).number(bytes);
  }

  static Recount read(BinaryReader in) {
    return new Recount(in.optional(BinaryReader::key), in.number(), in.number());
  }
}
