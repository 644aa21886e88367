/// Index to catalog entry: creation, the mirrored progress, and deletion.
@NullMarked
package dev.partita.operator.index;

import org.jspecify.annotations.NullMarked;
