/// What a node keeps on its disk, as versions: [dev.partita.node.storage.Storage] holds rows and
/// index entries by commit timestamp, and small records beside them.
///
/// - A row or an entry has versions; each is a value or a deletion. A read at T sees the newest
///   version at or before T.
/// - Everything in one [dev.partita.node.storage.Batch] becomes visible, and durable, together. A
///   batch is durable after the next flush and not before: there is no write-ahead log here, the
///   Raft log is the one. After a crash the storage holds exactly the batches up to some point in
///   their order.
/// - Row keys, and likewise entry keys, are free of prefixes: none is the beginning of another one.
///   Bounds of ranges may be anything that does not lie inside a key's own extension, which every
///   beginning of a key and every key satisfies.
/// - Reads are safe for any thread. Batches of keys that do not overlap may be built and committed
///   by different threads at once; the batches that touch one key are the business of one thread
///   (the apply thread of its partition).
/// - A failure of the disk or damaged data is a [dev.partita.node.storage.StorageFailure]: the node
///   stops.
@NullMarked
package dev.partita.node.storage;

import org.jspecify.annotations.NullMarked;
