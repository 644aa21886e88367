package dev.partita.node.replication.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/// [LogFiles] in a directory of the file system.
public final class DiskFiles implements LogFiles {
  /// Zeros are written in slices that are synced one by one, so that the log's own fsync never has
  /// to wait for all of them.
  private static final int ZERO_SLICE_BYTES = 1 << 20;

  private final Path directory;

  /// Uses a directory, which is made if it does not exist.
  public DiskFiles(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
  }

  @Override
  public List<String> list() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> String.valueOf(file.getFileName())).toList();
    }
  }

  @Override
  public LogFile create(String name, long sizeBytes) throws IOException {
    FileChannel channel =
        FileChannel.open(
            directory.resolve(name),
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    var file = new DiskFile(channel);
    try {
      writeZeros(file, sizeBytes);
      channel.force(true);
      return file;
    } catch (IOException e) {
      channel.close();
      Files.deleteIfExists(directory.resolve(name));
      throw new IOException("No space for a log segment in " + directory, e);
    }
  }

  private static void writeZeros(LogFile file, long sizeBytes) throws IOException {
    var zeros = ByteBuffer.allocateDirect(ZERO_SLICE_BYTES);
    for (long position = 0; position < sizeBytes; position += ZERO_SLICE_BYTES) {
      zeros.clear().limit((int) Math.min(ZERO_SLICE_BYTES, sizeBytes - position));
      file.write(zeros, position);
      file.sync();
    }
  }

  @Override
  public LogFile open(String name) throws IOException {
    return new DiskFile(
        FileChannel.open(
            directory.resolve(name), StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Files.move(directory.resolve(from), directory.resolve(to), StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void delete(String name) throws IOException {
    Files.deleteIfExists(directory.resolve(name));
  }

  @Override
  public void syncDirectory() throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private record DiskFile(FileChannel channel) implements LogFile {
    @Override
    public long size() throws IOException {
      return channel.size();
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      long at = position;
      while (source.hasRemaining()) {
        at += channel.write(source, at);
      }
    }

    @Override
    public void read(ByteBuffer target, long position) throws IOException {
      long at = position;
      while (target.hasRemaining()) {
        int count = channel.read(target, at);
        if (count < 0) {
          return;
        }
        at += count;
      }
    }

    @Override
    public void sync() throws IOException {
      // The size does not change after preallocation, so the data is all there is to sync.
      channel.force(false);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
