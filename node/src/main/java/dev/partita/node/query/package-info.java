/// Queries over many partitions: ranges of documents and of index entries, in one order, in pages.
///
/// [Queries] asks all partitions that a query concerns in parallel and merges what they answer. All
/// of a query's pages read one snapshot, whose timestamp travels in the cursor, so every row or
/// entry comes exactly once, whatever is written meanwhile.
///
/// Threads: calls block and belong on virtual threads; each call to a partition runs on one of its
/// own.
@NullMarked
package dev.partita.node.query;

import org.jspecify.annotations.NullMarked;
