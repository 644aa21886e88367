package dev.partita.node.replication;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// The temporary directories of snapshots.
final class SnapshotFiles {
  private static final System.Logger LOG = System.getLogger(SnapshotFiles.class.getName());

  private SnapshotFiles() {}

  /// Deletes a directory with all that is in it, if it exists. What cannot be deleted now is
  /// deleted at the next start.
  static void delete(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> paths = Files.walk(directory)) {
      List<Path> deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "Files of a snapshot could not be deleted", e);
    }
  }
}
