package dev.partita.node.query;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.key.Key;
import dev.partita.node.storage.Direction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Merges the sources of a query into one order. What several sources have at one position, such as
/// the rows of a document in the column groups of its collection, may become one item.
final class Merge<T> {

  /// Bytes at which a page is cut; it has at least one item.
  static final long PAGE_BYTES_MAX = 4 << 20;

  /// What a partition is asked for at least.
  private static final int PIECE_MIN = 16;

  private final List<Source<T>> sources;
  private final Comparator<Key> order;
  private final @Nullable Function<List<T>, T> join;

  /// Of sources that have no position in common.
  Merge(List<Source<T>> sources, Direction direction) {
    this(sources, direction, null);
  }

  /// @param join makes one of what sources have at one position, in their order; null if they never
  ///   do
  Merge(List<Source<T>> sources, Direction direction, @Nullable Function<List<T>, T> join) {
    this.sources = sources;
    this.order =
        direction == Direction.FORWARD ? Comparator.naturalOrder() : Comparator.reverseOrder();
    this.join = join;
  }

  /// The first items of all sources together.
  ///
  /// @param more whether there are others behind them
  record Merged<T>(List<Source.Item<T>> items, boolean more) {}

  Merged<T> first(int limit) {
    fillAll(piece(limit));
    var heads =
        new PriorityQueue<Integer>(
            Math.max(1, sources.size()),
            Comparator.<Integer, Key>comparing(at -> position(sources.get(at)), order)
                .thenComparing(Comparator.naturalOrder()));
    for (int at = 0; at < sources.size(); at++) {
      if (sources.get(at).head() != null) {
        heads.add(at);
      }
    }
    var items = new ArrayList<Source.Item<T>>();
    long bytes = 0;
    while (!heads.isEmpty()) {
      if (items.size() == limit || bytes >= PAGE_BYTES_MAX) {
        return new Merged<>(items, true);
      }
      Source.Item<T> item = next(heads, limit - items.size() - 1);
      items.add(item);
      bytes += item.sizeBytes();
    }
    return new Merged<>(items, false);
  }

  /// What sources are asked for at first: all of it if they have the same positions.
  private int piece(int limit) {
    return join == null
        ? Math.min(limit, Math.max(PIECE_MIN, 2 * limit / Math.max(1, sources.size())))
        : limit;
  }

  /// Takes everything at the first position. A source has a position once and its head is filled,
  /// so whoever has this one has it as its head.
  private Source.Item<T> next(PriorityQueue<Integer> heads, int wanted) {
    Source.Item<T> first = take(heads, wanted);
    Function<List<T>, T> joining = join;
    if (joining == null || !isNext(heads, first.position())) {
      return first;
    }
    var values = new ArrayList<T>();
    values.add(first.value());
    long bytes = first.sizeBytes();
    while (isNext(heads, first.position())) {
      Source.Item<T> other = take(heads, wanted);
      values.add(other.value());
      bytes += other.sizeBytes();
    }
    return new Source.Item<>(first.position(), joining.apply(values), bytes);
  }

  private boolean isNext(PriorityQueue<Integer> heads, Key position) {
    Integer next = heads.peek();
    return next != null && position(sources.get(next)).equals(position);
  }

  /// @param wanted items that are still to come
  private Source.Item<T> take(PriorityQueue<Integer> heads, int wanted) {
    Integer at = heads.remove();
    Source<T> source = sources.get(at);
    Source.Item<T> item = source.take();
    if (source.needsFilling()) {
      // At the end of a page one item is enough to know that there is more.
      source.fill(Math.max(1, wanted));
    }
    if (source.head() != null) {
      heads.add(at);
    }
    return item;
  }

  private Key position(Source<T> source) {
    Source.Item<T> head = source.head();
    if (head == null) {
      throw new IllegalStateException("only sources with items are compared");
    }
    return head.position();
  }

  /// Asks all partitions at once.
  private void fillAll(int piece) {
    if (sources.size() == 1) {
      sources.getFirst().fill(piece);
      return;
    }
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> filling = new ArrayList<>();
      sources.forEach(source -> filling.add(threads.submit(() -> source.fill(piece))));
      for (Future<?> one : filling) {
        one.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DatabaseException refusal) {
        throw refusal;
      }
      if (e.getCause() instanceof SplitMeanwhile split) {
        throw split;
      }
      throw new IllegalStateException("a partition's part of a query failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted in the middle of a query", e);
    }
  }
}
