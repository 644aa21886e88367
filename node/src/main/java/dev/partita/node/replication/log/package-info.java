/// The write-ahead log that all groups of a node share.
///
/// The main type is `SharedLog`. Entries and hard states of all groups go into one sequence of
/// segment files, written by one thread that gathers everything that waits, writes it with one
/// write, and makes it durable with one `fdatasync`. Which entries a group has, and where they lie,
/// is kept in memory (`GroupLog`).
@NullMarked
package dev.partita.node.replication.log;

import org.jspecify.annotations.NullMarked;
