package dev.partita.node.query;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;

/// A change of a document. A document changes once at a timestamp, so both together name the
/// change.
///
/// @param timestamp of the commit; all changes of a transaction have the same
/// @param document as it is from then on, null if it was deleted
/// @param before as it was until then; null if there was none, or nobody has asked for it
public record Change(
    PrimaryKey key,
    Timestamp timestamp,
    @Nullable JsonBytes document,
    @Nullable JsonBytes before) {}
