package dev.partita.node.storage;

/// The storage as it was when the view was opened. Holds back the removal of what it can see, so it
/// is closed soon: seconds, not hours. For any thread.
public interface ReadView extends StorageReader, AutoCloseable {
  @Override
  void close();
}
