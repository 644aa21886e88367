package dev.partita.node.storage.rocksdb;

import dev.partita.node.storage.StorageFailure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.zip.CRC32C;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;

/// Loads RocksDB's native library into this process. By itself RocksDB unpacks its 17 MB into the
/// temporary directory at every start; here they are unpacked once and kept.
final class NativeLibrary {
  private NativeLibrary() {}

  /// Unpacks the library into the directory unless it is there, and loads it unless the process has
  /// it.
  static void load(Path directory) {
    if (isLoaded()) {
      return;
    }
    String name = Environment.getJniLibraryFileName("rocksdb");
    try (InputStream packed = RocksDB.class.getClassLoader().getResourceAsStream(name)) {
      if (packed == null) {
        // A machine for which the name differs (musl, for one): RocksDB's own loader knows more
        // ways.
        RocksDB.loadLibrary();
        return;
      }
      byte[] bytes = packed.readAllBytes();
      // The directory carries the content's checksum, so that another version never meets a stale
      // file.
      Path home = directory.toAbsolutePath().resolve("rocksdbjni-" + checksum(bytes));
      // Given a path, RocksDB's loader looks for this name, not for the one in its own jar.
      Path target = home.resolve(Environment.getJniLibraryFileName("rocksdbjni"));
      if (!Files.exists(target) || Files.size(target) != bytes.length) {
        unpack(bytes, home, target);
      }
      RocksDB.loadLibrary(List.of(home.toString()));
    } catch (IOException e) {
      throw new StorageFailure("cannot unpack the native library into " + directory, e);
    }
  }

  private static boolean isLoaded() {
    return RocksDB.rocksdbVersion() != null;
  }

  private static String checksum(byte[] bytes) {
    var crc = new CRC32C();
    crc.update(bytes);
    return Long.toHexString(crc.getValue());
  }

  private static void unpack(byte[] bytes, Path directory, Path target) throws IOException {
    Files.createDirectories(directory);
    Path temporary = Files.createTempFile(directory, "unpack", ".tmp");
    Files.write(temporary, bytes);
    Files.move(
        temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
