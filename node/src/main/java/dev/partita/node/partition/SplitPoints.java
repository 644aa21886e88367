package dev.partita.node.partition;

import dev.partita.node.key.Datum;
import org.jspecify.annotations.Nullable;

/// Where a Partition could be split, as its leader knows. Each point is the first key of the second
/// half and lies inside of the bounds, so a split there is possible; null where there is none that
/// is known. Hash bounds have no points.
///
/// Points are partition keys: rows whose keys begin with the same component stay together.
///
/// @param measured whether the figures are exact, and what [#bySize] says was looked for lately, if
///   it is large enough for that
/// @param bySize has about half of the bytes before it
/// @param byLoad has about half of the load before it
/// @param atEnd where new rows are added one behind the other
public record SplitPoints(
    boolean measured, @Nullable Datum bySize, @Nullable Datum byLoad, @Nullable Datum atEnd) {

  /// Nothing is known.
  public static final SplitPoints UNKNOWN = new SplitPoints(false, null, null, null);
}
