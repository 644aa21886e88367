package dev.partita.node.partition;

import dev.partita.node.index.IndexKeys;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.IndexCursor;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Walks over the entries of an index in their order, wherever they lie: after a merge those of the
/// two sides lie apart for a while. Stands before the first one when opened. For one thread.
final class EntryWalk implements AutoCloseable {

  /// A cursor that stands on an entry of its place.
  private record Head(EntryPlace place, IndexCursor cursor, Key position) {}

  private final Direction direction;
  private final List<IndexCursor> cursors = new ArrayList<>();
  private final List<Head> heads = new ArrayList<>();
  private @Nullable Head current;

  /// @param range of the keys to walk over in a space
  EntryWalk(
      StorageReader store,
      List<EntryPlace> places,
      Function<IndexKeys, KeyRange> range,
      Timestamp at,
      Direction direction) {
    this.direction = direction;
    for (EntryPlace place : places) {
      IndexCursor cursor = store.entries(range.apply(place.keys()), at, direction);
      cursors.add(cursor);
      advance(place, cursor);
    }
  }

  private void advance(EntryPlace place, IndexCursor cursor) {
    while (cursor.next()) {
      Key entry = cursor.key();
      if (place.has(entry)) {
        heads.add(new Head(place, cursor, IndexKeys.position(entry)));
        return;
      }
    }
  }

  /// Moves on; false at the end. The other methods may be called only after this one gave true.
  boolean next() {
    Head before = current;
    if (before != null) {
      advance(before.place(), before.cursor());
    }
    Head first = null;
    for (Head head : heads) {
      if (first == null || isBefore(head, first)) {
        first = head;
      }
    }
    heads.remove(first);
    current = first;
    return first != null;
  }

  private boolean isBefore(Head one, Head other) {
    int order = one.position().compareTo(other.position());
    return direction == Direction.FORWARD ? order < 0 : order > 0;
  }

  private Head head() {
    Head head = current;
    if (head == null) {
      throw new IllegalStateException("not on an entry");
    }
    return head;
  }

  Key position() {
    return head().position();
  }

  PrimaryKey primaryKey() {
    return head().place().keys().primaryKey(position());
  }

  byte[] value() {
    return head().cursor().value();
  }

  /// When the version was committed.
  Timestamp timestamp() {
    return head().cursor().timestamp();
  }

  @Override
  public void close() {
    cursors.forEach(IndexCursor::close);
  }
}
