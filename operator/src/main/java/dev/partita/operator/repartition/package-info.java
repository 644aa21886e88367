/// Pure: which Partitions are to be split, where, why, and whether it is their turn.
///
/// [SplitPolicy][dev.partita.operator.repartition.SplitPolicy] is the main type. Sizes are judged
/// as they are, because they do not swing; loads by several windows in a row, see
/// [LoadWindows][dev.partita.operator.repartition.LoadWindows], and only some time after the range
/// has changed. Parts are not merged again, so the number of splits is bounded by the largest size
/// and load that there ever was.
@NullMarked
package dev.partita.operator.repartition;

import org.jspecify.annotations.NullMarked;
