package dev.partita.node.replication.log;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// One file of the log. Owned by the writer, except that lanes read from the file while they hold the lock of a group that has
/// entries in it.
///
///     magic u64 | format u32 | number u64 | salt u64 | sequence of the last batch before u64 | CRC32C u32
///
/// The salt goes into the checksum of each batch header, so that nothing a client has sent can look like one.
final class Segment {
  static final int HEADER_BYTES = 64;

  final long number;
  final LogFile file;
  final long salt;
  final int sizeBytes;

  /// Where the next batch goes; the end of the last one.
  int endOffset = HEADER_BYTES;

  private final AtomicInteger liveRecords = new AtomicInteger();
  private final AtomicLong liveBytes = new AtomicLong();

  Segment(long number, LogFile file, long salt, int sizeBytes) {
    this.number = number;
    this.file = file;
    this.salt = salt;
    this.sizeBytes = sizeBytes;
  }

  String name() {
    return nameOf(number);
  }

  static String nameOf(long number) {
    return "%016x.log".formatted(number);
  }

  /// Counts a record that is in force, and would have to be rewritten before the file can go.
  /// Called by whoever holds the lock of the record's group.
  void retain(int bytes) {
    liveRecords.incrementAndGet();
    liveBytes.addAndGet(bytes);
  }

  /// Takes back a [#retain].
  void release(int bytes) {
    liveRecords.decrementAndGet();
    liveBytes.addAndGet(-bytes);
  }

  boolean unneeded() {
    return liveRecords.get() == 0;
  }

  long liveBytes() {
    return liveBytes.get();
  }
}
