package dev.partita.node.storage.rocksdb;

import dev.partita.node.storage.Family;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.rocksdb.RocksDB;

/// The column families, in the order in which they are opened.
enum ColumnFamily {
  /// Newest version of each row. RocksDB insists on a family of its own naming; this one has it.
  CURRENT("current", Family.ROWS, false),
  /// Former versions of rows.
  HISTORY("history", Family.ROWS, true),
  /// Versions of index entries.
  INDEX("index", Family.ENTRIES, true),
  /// Index entries that have something to collect.
  ENDED("ended", Family.ENTRIES, false),
  /// Records.
  META("meta", Family.META, false);

  private final String fileName;
  private final Family family;
  private final boolean versioned;

  ColumnFamily(String fileName, Family family, boolean versioned) {
    this.fileName = fileName;
    this.family = family;
    this.versioned = versioned;
  }

  /// The column families that hold a family.
  static List<ColumnFamily> of(Family family) {
    return Arrays.stream(values()).filter(column -> column.family == family).toList();
  }

  /// The name in RocksDB. The first one is the family that RocksDB always has.
  byte[] nativeName() {
    return this == CURRENT
        ? RocksDB.DEFAULT_COLUMN_FAMILY
        : fileName.getBytes(StandardCharsets.US_ASCII);
  }

  /// The name in files that are exported.
  String fileName() {
    return fileName;
  }

  /// Whether a timestamp ends each key.
  boolean isVersioned() {
    return versioned;
  }

  /// Whether single keys are looked up, so that a Bloom filter pays.
  boolean isLookedUp() {
    return this == CURRENT || this == META;
  }
}
