/// Index to catalog entry: creation, if its copies may be where they will be, the mirrored
/// progress, and deletion.
@NullMarked
package dev.partita.operator.index;

import org.jspecify.annotations.NullMarked;
