package dev.partita.node.index;

import dev.partita.node.key.Key;

/// An entry that a document has in an index.
///
/// @param position encoded terms, values and primary key: the entry's key behind index and
///   partition
/// @param covered the values as a JSON array
/// @param hasNullTerm whether a term is null, which exempts the entry from uniqueness
public record IndexEntry(Key position, JsonBytes covered, boolean hasNullTerm) {}
