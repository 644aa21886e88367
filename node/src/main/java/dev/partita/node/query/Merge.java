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

/// Merges the sources of a query into one order.
final class Merge<T> {

  /// Bytes at which a page is cut; it has at least one item.
  static final long PAGE_BYTES_MAX = 4 << 20;

  /// What a partition is asked for at least.
  private static final int PIECE_MIN = 16;

  private final List<Source<T>> sources;
  private final Comparator<Key> order;

  Merge(List<Source<T>> sources, Direction direction) {
    this.sources = sources;
    this.order =
        direction == Direction.FORWARD ? Comparator.naturalOrder() : Comparator.reverseOrder();
  }

  /// The first items of all sources together.
  ///
  /// @param more whether there are others behind them
  record Merged<T>(List<Source.Item<T>> items, boolean more) {}

  Merged<T> first(int limit) {
    int piece = Math.min(limit, Math.max(PIECE_MIN, 2 * limit / Math.max(1, sources.size())));
    fillAll(piece);
    var heads =
        new PriorityQueue<Source<T>>(
            Math.max(1, sources.size()),
            (one, other) -> order.compare(position(one), position(other)));
    sources.stream().filter(source -> source.head() != null).forEach(heads::add);
    var items = new ArrayList<Source.Item<T>>();
    long bytes = 0;
    while (!heads.isEmpty()) {
      if (items.size() == limit || bytes >= PAGE_BYTES_MAX) {
        return new Merged<>(items, true);
      }
      Source<T> source = heads.remove();
      Source.Item<T> item = source.take();
      items.add(item);
      bytes += item.sizeBytes();
      if (source.needsFilling()) {
        // At the end of a page one item is enough to know that there is more.
        source.fill(Math.max(1, limit - items.size()));
      }
      if (source.head() != null) {
        heads.add(source);
      }
    }
    return new Merged<>(items, false);
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
