package dev.partita.node.replication.log;

import java.io.IOException;
import java.nio.ByteBuffer;

/// An open file of the log. Reads may run beside a write.
public interface LogFile extends AutoCloseable {
  long size() throws IOException;

  /// Writes all remaining bytes of the buffer at the position.
  void write(ByteBuffer source, long position) throws IOException;

  /// Fills the buffer from the position on, as far as the file goes.
  void read(ByteBuffer target, long position) throws IOException;

  /// Makes everything written so far durable.
  void sync() throws IOException;

  @Override
  void close() throws IOException;
}
