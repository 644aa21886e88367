/// The revisioned store below the API: every write gets the next revision, and every watcher sees
/// every write after the revision that it names, in order, or learns that the revision is too old.
///
/// [Store] is the main type. All objects are in memory and in RocksDB; a write is in the
/// write-ahead log of RocksDB when it returns, so that it survives the end of the process, though
/// not a power cut. The history for watches is bounded and kept in memory only.
@NullMarked
package dev.partita.local.store;

import org.jspecify.annotations.NullMarked;
