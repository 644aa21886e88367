/// The storage on RocksDB; the only package that knows it. The main type is
/// [dev.partita.node.storage.rocksdb.RocksDbStorage].
///
/// ## Layout
///
/// One RocksDB for each node with these column families. Numbers are big-endian; `~t` is the
/// complement of a timestamp in 8 bytes, so that a newer version sorts before an older one.
///
/// | column family | key | value |
/// |---|---|---|
/// | `current` | row key | timestamp in 8 bytes, highest bit set when deleted; document |
/// | `history` | row key, `~t` | `01`, document; or `00` when deleted |
/// | `index` | entry key, `~t` | `01`, covered bytes; or `00` when deleted |
/// | `ended` | entry key | nothing |
/// | `meta` | record key | record |
///
/// `current` holds exactly one record for each row that has any version, so that the newest version
/// is one lookup behind a Bloom filter, and a scan at a timestamp walks over `current` and searches
/// `history` only for rows that changed since. Older versions are in `history`. A deleted row
/// always has a version in `history`, namely the one that was deleted: so a walk over `history`
/// alone finds everything that can be collected. `ended` names the index entries that have
/// something to collect for the same reason.
///
/// No key begins with 64 bytes of `FF` (keys begin with ids that do not): ranges without an end are
/// closed by that.
///
/// ## Durability
///
/// RocksDB's write-ahead log is off and its flush is atomic over the column families: what is on
/// disk is always the effect of the first n batches. [dev.partita.node.storage.Storage#durableMeta]
/// reads past the memtables and therefore sees that state.
///
/// ## Threads and native memory
///
/// Every call enters the [dev.partita.node.storage.rocksdb.Lifetime] of the database for as long as
/// it uses native memory; a view or a cursor stays in until it is closed. Closing waits for them. A
/// use after the close is an exception and not a crash of the process.
///
/// Commits share a lock that collection takes alone for the moment in which it removes the last
/// record of a row or the mark of an entry, since those two it must not do on outdated knowledge.
/// Everything else it removes can never be needed again and needs no lock.
@NullMarked
package dev.partita.node.storage.rocksdb;

import org.jspecify.annotations.NullMarked;
