package dev.partita.node.document;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;

/// A document that was checked: a JSON object whose member `id` is its key.
///
/// @param json UTF-8, without superfluous white space, `id` first
public record ParsedDocument(PrimaryKey key, JsonBytes json) {}
