package dev.partita.operator.repartition;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/// What was observed of a Partition, as far as it decides about a split. Points are the first key
/// of the second half.
///
/// @param bytes of its rows
/// @param hashed whether it is split by doubling a modulus, without a point
/// @param divisible whether its bounds can be cut at all
/// @param hotKey whether one key takes so much of the load that no split helps
/// @param measured whether `bytes` is exact and `bySize` was looked for
/// @param bySize the middle by bytes; null if there is none
/// @param byLoad the middle by load; null if none is known
/// @param atEnd where rows are added one behind the other; null if they are not
public record SplitFigures(
    long bytes,
    boolean hashed,
    boolean divisible,
    boolean hotKey,
    boolean measured,
    @Nullable JsonNode bySize,
    @Nullable JsonNode byLoad,
    @Nullable JsonNode atEnd) {}
