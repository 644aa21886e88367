/// Queries over many partitions: ranges of documents and of index entries, in one order, in pages.
///
/// [Queries] asks all partitions that a query concerns in parallel and merges what they answer. All
/// of a query's pages read one snapshot, whose timestamp travels in the cursor, so every row or
/// entry comes exactly once, whatever is written meanwhile.
///
/// [Changes] tells what has changed, in the order of commits. A page of it is a query as well; what
/// travels from one to the next is a position in that order.
///
/// Threads: calls block and belong on virtual threads; each call to a partition runs on one of its
/// own.
@NullMarked
package dev.partita.node.query;

import org.jspecify.annotations.NullMarked;
