package dev.partita.node.replication.log;

import java.io.IOException;
import java.util.List;

/// The file operations that the log needs, so that a test can lose, tear, fail and delay them.
public interface LogFiles {
  /// Names of all files of the directory.
  List<String> list() throws IOException;

  /// Makes a file of the given size full of zeros, durable except for its directory entry; replaces
  /// an existing one.
  LogFile create(String name, long sizeBytes) throws IOException;

  /// Opens an existing file.
  LogFile open(String name) throws IOException;

  /// Renames a file; durable after [#syncDirectory]. Open files stay open.
  void rename(String from, String to) throws IOException;

  /// Deletes a file; durable after [#syncDirectory].
  void delete(String name) throws IOException;

  /// Makes all creations, renames and deletions durable.
  void syncDirectory() throws IOException;
}
