package dev.partita.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// A small file system of its own, in memory, that can be filled to the last byte.
final class DiskSpace implements AutoCloseable {
  private static final int PIECE_BYTES = 1 << 20;

  private final Path directory;

  private DiskSpace(Path directory) {
    this.directory = directory;
  }

  /// Mounts one at a directory. Empty where that is not allowed: only root may.
  static Optional<DiskSpace> mount(Path directory, int mebibytes)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    int code =
        run(
            "mount",
            "-t",
            "tmpfs",
            "-o",
            "size=" + mebibytes + "m",
            "partita",
            directory.toString());
    return code == 0 ? Optional.of(new DiskSpace(directory)) : Optional.empty();
  }

  /// Takes one away that a run has left at a directory that was ended from outside.
  static void release(Path directory) throws IOException {
    Path parent = directory.getParent();
    if (parent != null
        && Files.isDirectory(directory)
        && !Files.getFileStore(directory).equals(Files.getFileStore(parent))) {
      new DiskSpace(directory).close();
    }
  }

  /// Takes all space that is left.
  void fill() throws IOException {
    ByteBuffer zeros = ByteBuffer.allocate(PIECE_BYTES);
    try (FileChannel channel =
        FileChannel.open(
            directory.resolve("ballast"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND)) {
      for (long left = left(); left > 0; left = left()) {
        channel.write(zeros.clear().limit((int) Math.min(left, PIECE_BYTES)));
      }
    } catch (IOException e) {
      if (left() > 0) {
        throw e;
      }
    }
  }

  private long left() throws IOException {
    return Files.getFileStore(directory).getUsableSpace();
  }

  /// Gives the space back that [#fill] took.
  void free() throws IOException {
    Files.delete(directory.resolve("ballast"));
  }

  @Override
  public void close() throws IOException {
    try {
      if (run("umount", "-l", directory.toString()) != 0) {
        throw new IOException("cannot unmount " + directory);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while unmounting " + directory, e);
    }
  }

  private static int run(String... command) throws IOException, InterruptedException {
    try {
      return new ProcessBuilder(command).inheritIO().start().waitFor();
    } catch (IOException e) {
      // There is no such command.
      return -1;
    }
  }
}
