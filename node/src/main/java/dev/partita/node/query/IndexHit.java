package dev.partita.node.query;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import org.jspecify.annotations.Nullable;

/// An entry of an index.
///
/// @param position its place among the others, see [dev.partita.node.index.IndexEntry]
/// @param values the covered values, a JSON array in the order of the definition
/// @param document as it was at the same timestamp, if the query asked for documents; null as well
///   if it had none of the columns asked for
public record IndexHit(
    Key position, PrimaryKey key, JsonBytes values, @Nullable Document document) {}
