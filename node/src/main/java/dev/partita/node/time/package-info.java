/// Time as the node sees it: [dev.partita.node.time.Timestamp] orders everything that was
/// committed, [dev.partita.node.time.Clock] measures durations and [dev.partita.node.time.Deadline]
/// limits waiting, [dev.partita.node.time.CoarseTimeouts] that for futures.
///
/// Commit timestamps come from the one [dev.partita.node.time.TimestampOracle] of the database and
/// not from a node's own clock; no ordering ever depends on two clocks agreeing. Everything here is
/// immutable or safe for use by many threads.
@NullMarked
package dev.partita.node.time;

import org.jspecify.annotations.NullMarked;
