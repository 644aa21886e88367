package dev.partita.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/// What a stopped node has stored of rows and index entries, byte for byte.
///
/// @param digests for each column family how many keys it has, and a hash over all of them and
///   their values
record StoredRows(Map<String, String> digests) {
  /// Records of the node itself, such as how far it has applied its logs.
  private static final String RECORDS = "meta";

  /// Reads the database in a node's data directory.
  static StoredRows of(Path data) throws IOException, RocksDBException {
    RocksDB.loadLibrary();
    String database = data.resolve("store/rocksdb").toString();
    var families = new ArrayList<ColumnFamilyDescriptor>();
    try (Options options = new Options()) {
      for (byte[] name : RocksDB.listColumnFamilies(options, database)) {
        families.add(new ColumnFamilyDescriptor(name));
      }
    }
    var handles = new ArrayList<ColumnFamilyHandle>();
    try (DBOptions options = new DBOptions();
        RocksDB opened = RocksDB.openReadOnly(options, database, families, handles)) {
      Map<String, String> digests = new TreeMap<>();
      for (ColumnFamilyHandle handle : handles) {
        String name = new String(handle.getName(), StandardCharsets.US_ASCII);
        if (!name.equals(RECORDS)) {
          digests.put(name, digest(opened, handle));
        }
      }
      handles.forEach(ColumnFamilyHandle::close);
      return new StoredRows(digests);
    }
  }

  private static String digest(RocksDB database, ColumnFamilyHandle family)
      throws RocksDBException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    long count = 0;
    try (RocksIterator rows = database.newIterator(family)) {
      for (rows.seekToFirst(); rows.isValid(); rows.next()) {
        for (byte[] part : List.of(rows.key(), rows.value())) {
          digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(part.length).flip());
          digest.update(part);
        }
        count++;
      }
      rows.status();
    }
    return count + " keys, " + HexFormat.of().formatHex(digest.digest());
  }
}
