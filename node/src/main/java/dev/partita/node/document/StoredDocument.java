package dev.partita.node.document;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.time.Timestamp;

/// A document as it is stored.
///
/// @param version the commit timestamp of the write that made it
public record StoredDocument(Timestamp version, JsonBytes json) {}
