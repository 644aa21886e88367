package dev.partita.bench;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A small file system of its own, in memory, that can be filled to the last byte.
final class DiskSpace implements AutoCloseable {
  private final Path directory;

  private DiskSpace(Path directory) {
    this.directory = directory;
  }

  /// Mounts one at a directory. Skips the test where that is not allowed.
  static DiskSpace mount(Path directory, int mebibytes) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    int code =
        run(
            "mount",
            "-t",
            "tmpfs",
            "-o",
            "size=" + mebibytes + "m",
            "partita-test",
            directory.toString());
    assumeTrue(code == 0, "only root can mount the small file system that this test fills");
    return new DiskSpace(directory);
  }

  /// Takes all space that is left.
  void fill() throws IOException {
    ByteBuffer zeros = ByteBuffer.allocate(4 << 10);
    try (FileChannel channel =
        FileChannel.open(
            directory.resolve("ballast"),
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.APPEND)) {
      while (Files.getFileStore(directory).getUsableSpace() > 0) {
        channel.write(zeros.clear());
      }
    } catch (IOException e) {
      if (Files.getFileStore(directory).getUsableSpace() > 0) {
        throw e;
      }
    }
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
