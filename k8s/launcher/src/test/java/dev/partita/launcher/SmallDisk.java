package dev.partita.launcher;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// A small file system of its own, in memory, at a directory. Only root can have one.
final class SmallDisk implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 30;

  private final Path directory;
  private final boolean mounted;

  private SmallDisk(Path directory, boolean mounted) {
    this.directory = directory;
    this.mounted = mounted;
  }

  /// Mounts one where that is allowed.
  static SmallDisk at(Path directory, int mebibytes) throws IOException, InterruptedException {
    Files.createDirectories(directory);
    boolean mounted =
        run(
            "mount",
            "-t",
            "tmpfs",
            "-o",
            "size=" + mebibytes + "m",
            "partita-test",
            directory.toString());
    return new SmallDisk(directory, mounted);
  }

  /// Whether it is there: else the directory is one as any other.
  boolean isMounted() {
    return mounted;
  }

  /// Takes space until less than a share of all is left.
  void fill(double left) throws IOException {
    byte[] zeros = new byte[64 << 10];
    try (OutputStream out = Files.newOutputStream(ballast())) {
      while (available() > left) {
        out.write(zeros);
      }
    }
  }

  /// Gives the space back that [#fill] took.
  void free() throws IOException {
    Files.delete(ballast());
  }

  private Path ballast() {
    return directory.resolve("ballast");
  }

  private double available() throws IOException {
    var store = Files.getFileStore(directory);
    return (double) store.getUsableSpace() / store.getTotalSpace();
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).inheritIO().start();
    return process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0;
  }

  /// Takes it away, also while somebody has files open there.
  @Override
  public void close() throws IOException {
    if (mounted) {
      try {
        run("umount", "-l", directory.toString());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
