package dev.partita.node.raft;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// The writes of the log that are under way, in order.
final class PendingWrites {

  /// What is durable once a write is.
  ///
  /// @param term the hard state's term
  /// @param lastIndex end of the log
  record Write(long number, long term, long lastIndex) {
    Write cutAt(long index) {
      return index < lastIndex ? new Write(number, term, index) : this;
    }
  }

  private final ArrayDeque<Write> writes = new ArrayDeque<>();
  private long number;

  long lastNumber() {
    return number;
  }

  long add(long term, long lastIndex) {
    number++;
    writes.add(new Write(number, term, lastIndex));
    return number;
  }

  /// The log after `index` has been replaced: what is under way says nothing about what is there
  /// now.
  void truncated(long index) {
    for (int left = writes.size(); left > 0; left--) {
      writes.add(writes.remove().cutAt(index));
    }
  }

  /// Takes out every write up to `durableNumber`; returns the last, or null when there is none.
  @Nullable Write finish(long durableNumber) {
    Write last = null;
    while (!writes.isEmpty() && writes.element().number() <= durableNumber) {
      last = writes.remove();
    }
    return last;
  }
}
