package dev.partita.node.query;

import dev.partita.node.time.Timestamp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A part of the results of a query, always in the query's order. Only a null cursor means that
/// there is nothing more on that side: a page may be shorter than its limit.
///
/// @param after cursor of the page that follows, null at the end
/// @param before cursor of the page that precedes, null at the beginning
/// @param at the timestamp that was read at
public record Page<T>(List<T> data, @Nullable String after, @Nullable String before, Timestamp at) {

  public Page {
    data = List.copyOf(data);
  }
}
