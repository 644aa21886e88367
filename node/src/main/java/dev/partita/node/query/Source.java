package dev.partita.node.query;

import dev.partita.node.key.Key;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One partition's part of a query, read piece by piece in the order of positions. For one thread
/// at a time.
final class Source<T> {

  /// A result with its place in the order.
  record Item<T>(Key position, T value, long sizeBytes) {}

  /// What a partition answered.
  ///
  /// @param more whether there is something behind the last item
  record Piece<T>(List<Item<T>> items, boolean more) {}

  /// Reads what comes behind a position; blocks.
  @FunctionalInterface
  interface Reader<T> {
    Piece<T> read(@Nullable Key after, int limit);
  }

  private final Reader<T> reader;
  private final Deque<Item<T>> items = new ArrayDeque<>();
  private @Nullable Key after;
  private boolean more = true;

  Source(Reader<T> reader, @Nullable Key after) {
    this.reader = reader;
    this.after = after;
  }

  /// Reads until there is an item, or the end is known.
  void fill(int limit) {
    while (items.isEmpty() && more) {
      Piece<T> piece = reader.read(after, limit);
      items.addAll(piece.items());
      more = piece.more();
      if (!piece.items().isEmpty()) {
        after = piece.items().getLast().position();
      }
    }
  }

  /// The next item, null at the end; [#fill] was called before.
  @Nullable Item<T> head() {
    return items.peekFirst();
  }

  Item<T> take() {
    return items.removeFirst();
  }

  boolean needsFilling() {
    return items.isEmpty() && more;
  }
}
