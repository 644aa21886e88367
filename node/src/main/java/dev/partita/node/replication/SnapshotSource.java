package dev.partita.node.replication;

import java.io.IOException;
import java.nio.file.Path;

/// A state fixed by [StateMachine#openSnapshot], to be written out as files while the machine goes
/// on.
public interface SnapshotSource extends AutoCloseable {
  /// Writes the state as ordinary files into an empty directory, without subdirectories. Called
  /// once, on a background thread.
  void writeTo(Path directory) throws IOException;

  @Override
  void close();
}
