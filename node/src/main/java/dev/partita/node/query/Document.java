package dev.partita.node.query;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;

/// A document as it is stored.
///
/// @param version the timestamp of the write that made it so
public record Document(PrimaryKey key, Timestamp version, JsonBytes json) {}
