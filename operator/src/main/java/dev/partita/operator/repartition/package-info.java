/// Pure: which Partitions are to be split, where, why, which parts are to be merged again, and
/// whether it is their turn.
///
/// [SplitPolicy][dev.partita.operator.repartition.SplitPolicy] is the main type. Sizes are judged
/// as they are, because they do not swing; loads by several windows in a row, see
/// [LoadWindows][dev.partita.operator.repartition.LoadWindows], and only some time after the range
/// has changed. [MergePolicy][dev.partita.operator.repartition.MergePolicy] takes splits back, by
/// the peaks of more than a day and with so much room that a load which comes every day splits
/// nothing a second time.
@NullMarked
package dev.partita.operator.repartition;

import org.jspecify.annotations.NullMarked;
