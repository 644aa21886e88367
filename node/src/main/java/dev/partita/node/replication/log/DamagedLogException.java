package dev.partita.node.replication.log;

import java.io.IOException;

/// The log is damaged where a crash cannot have damaged it, so acknowledged writes may be missing.
/// The node must not start: its replicas have to be rebuilt under a new identity.
public final class DamagedLogException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String file;
  private final long offset;

  DamagedLogException(String reason, String file, long offset) {
    super("The log is damaged: " + reason + " (file " + file + ", offset " + offset + ")");
    this.file = file;
    this.offset = offset;
  }

  /// The name of the damaged file.
  public String file() {
    return file;
  }

  /// Where in the file the damage was met.
  public long offset() {
    return offset;
  }
}
