package dev.partita.node.raft;

import java.util.Arrays;

/// One entry of the replicated log. The data is shared, not copied: nobody may change it once the
/// entry is made.
///
/// @param term of the leader that appended it
/// @param index position in the log, from 1
// The array is the cheapest carrier of opaque bytes, and equality is by content.
@SuppressWarnings("ArrayRecordComponent")
public record Entry(long term, long index, EntryKind kind, byte[] data) {

  private static final byte[] NO_DATA = {};

  public Entry {
    if (term <= 0 || index <= 0) {
      throw new IllegalArgumentException(
          "term and index of an entry are positive: " + term + ", " + index);
    }
  }

  static Entry empty(long term, long index) {
    return new Entry(term, index, EntryKind.EMPTY, NO_DATA);
  }

  /// What the entry costs in a log or message: its data and a little for the rest.
  public long sizeBytes() {
    return data.length + 16L;
  }

  @Override
  public boolean equals(Object other) {
    return other
            instanceof Entry(long otherTerm, long otherIndex, EntryKind otherKind, byte[] otherData)
        && term == otherTerm
        && index == otherIndex
        && kind == otherKind
        && Arrays.equals(data, otherData);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(term) * 31 + Long.hashCode(index);
  }

  @Override
  public String toString() {
    return term + "/" + index + " " + kind + " " + data.length + " B";
  }
}
