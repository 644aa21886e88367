/// The storage on RocksDB. The only package that knows it.
@NullMarked
package dev.partita.node.storage.rocksdb;

import org.jspecify.annotations.NullMarked;
