package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.ExportedFile;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.StorageFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.rocksdb.EnvOptions;
import org.rocksdb.IngestExternalFileOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDBException;
import org.rocksdb.Snapshot;
import org.rocksdb.SstFileWriter;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;

/// Moves spans between the database and files, and empties them. A file holds records of one column
/// family and is called `<column family>-<number>.sst`.
final class SpanFiles {
  private static final long FILE_BYTES_MAX = 64L << 20;
  private static final long BATCH_BYTES_MAX = 1L << 20;
  private static final String SUFFIX = ".sst";
  private static final int IMPORT_ATTEMPTS = 10;

  private final Database database;

  SpanFiles(Database database) {
    this.database = database;
  }

  List<ExportedFile> write(Snapshot snapshot, List<Span> spans, Path directory) {
    List<ExportedFile> files = new ArrayList<>();
    try {
      Files.createDirectories(directory);
      for (Span span : spans) {
        for (ColumnFamily column : ColumnFamily.of(span.family())) {
          try (Export export = new Export(column, directory, files)) {
            export.write(snapshot, span);
          }
        }
      }
      return files;
    } catch (IOException e) {
      throw new StorageFailure("cannot export to " + directory, e);
    } catch (RocksDBException e) {
      throw Database.failure("cannot export", e);
    }
  }

  /// Takes in the files of a directory. What is in the database where they belong has been flushed,
  /// or all writers wait for its flush.
  void read(Path directory) {
    database.lifetime.enter();
    // The files are linked into the database, never read through and copied, unless they are on
    // another disk.
    try (IngestExternalFileOptions options = new IngestExternalFileOptions()) {
      options
          .setMoveFiles(true)
          .setSnapshotConsistency(true)
          .setAllowGlobalSeqNo(true)
          .setAllowBlockingFlush(true);
      options.setWriteGlobalSeqno(false);
      for (ColumnFamily column : ColumnFamily.values()) {
        List<String> files = filesOf(column, directory);
        if (!files.isEmpty()) {
          ingest(column, files, options);
        }
      }
    } catch (IOException e) {
      throw new StorageFailure("cannot import from " + directory, e);
    } catch (RocksDBException e) {
      throw Database.failure("cannot import", e);
    } finally {
      database.lifetime.exit();
    }
  }

  /// RocksDB looks whether its flush for the files has ended, which is not sure, see
  /// [Database#flush]. If not, it has taken in nothing.
  private void ingest(ColumnFamily column, List<String> files, IngestExternalFileOptions options)
      throws RocksDBException {
    for (int attempt = 1; ; attempt++) {
      try {
        database.db().ingestExternalFile(database.handle(column), files, options);
        return;
      } catch (RocksDBException e) {
        Status status = e.getStatus();
        boolean again = status != null && status.getCode() == Status.Code.TryAgain;
        if (!again || attempt == IMPORT_ATTEMPTS) {
          throw e;
        }
      }
      database.flush();
    }
  }

  void clear(Span span) {
    if (span.isEmpty()) {
      return;
    }
    try (WriteBatch batch = new WriteBatch()) {
      for (ColumnFamily column : ColumnFamily.of(span.family())) {
        if (span.isUnfiltered()) {
          KeyRange range = span.range();
          Key end = range.end() == null ? Layout.lastKey() : range.end();
          batch.deleteRange(
              database.handle(column), range.start().unsafeBytes(), end.unsafeBytes());
        } else {
          clearOneByOne(column, span, batch);
        }
      }
      database.write(batch);
    } catch (RocksDBException e) {
      throw Database.failure("cannot clear a span", e);
    }
  }

  private void clearOneByOne(ColumnFamily column, Span span, WriteBatch batch)
      throws RocksDBException {
    try (Walk walk = database.walkOnce(column, null, span.range())) {
      for (boolean valid = walk.first(); valid; valid = walk.next()) {
        byte[] physical = walk.key();
        if (belongs(column, physical, span)) {
          batch.delete(database.handle(column), physical);
        }
        if (batch.getDataSize() >= BATCH_BYTES_MAX) {
          database.write(batch);
          batch.clear();
        }
      }
    }
  }

  private static boolean belongs(ColumnFamily column, byte[] physical, Span span) {
    return span.isUnfiltered()
        || span.contains(column.isVersioned() ? Layout.keyOf(physical) : Key.wrap(physical));
  }

  private static List<String> filesOf(ColumnFamily column, Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(column.fileName() + "-"))
          .filter(file -> file.getFileName().toString().endsWith(SUFFIX))
          .map(Path::toString)
          .sorted()
          .toList();
    }
  }

  /// Writes the records of one column family of one span into as many files as it takes.
  private final class Export implements AutoCloseable {
    private final ColumnFamily column;
    private final Path directory;
    private final List<ExportedFile> files;
    private final EnvOptions environment = new EnvOptions();
    private final Options options;
    private @Nullable SstFileWriter writer;
    private long records;
    private long bytes;

    Export(ColumnFamily column, Path directory, List<ExportedFile> files) {
      this.column = column;
      this.directory = directory;
      this.files = files;
      this.options = new Options(database.options(), database.options(column));
    }

    void write(Snapshot snapshot, Span span) throws RocksDBException, IOException {
      try (Walk walk = database.walkOnce(column, snapshot, span.range())) {
        for (boolean valid = walk.first(); valid; valid = walk.next()) {
          byte[] physical = walk.key();
          if (belongs(column, physical, span)) {
            add(physical, walk.value());
          }
        }
      }
      finishFile();
    }

    @Override
    public void close() {
      if (writer != null) {
        writer.close();
      }
      options.close();
      environment.close();
    }

    private void add(byte[] key, byte[] value) throws RocksDBException, IOException {
      if (writer == null) {
        writer = new SstFileWriter(environment, options);
        writer.open(fileBeingWritten().toString());
      }
      writer.put(key, value);
      records++;
      bytes += key.length + value.length;
      if (bytes >= FILE_BYTES_MAX) {
        finishFile();
      }
    }

    private void finishFile() throws RocksDBException, IOException {
      if (writer == null) {
        return;
      }
      writer.finish();
      writer.close();
      writer = null;
      Path file = fileBeingWritten();
      files.add(new ExportedFile(file.getFileName().toString(), records, Files.size(file)));
      records = 0;
      bytes = 0;
    }

    private Path fileBeingWritten() {
      return directory.resolve("%s-%06d%s".formatted(column.fileName(), files.size(), SUFFIX));
    }
  }
}
