package dev.partita.node.replication.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Makes, opens and deletes the files of the log's segments. A spare file is prepared ahead, so
/// that the writer need not wait for one.
final class SegmentFiles {
  private static final long MAGIC = 0x504152544c4f4731L;
  private static final int FORMAT = 1;
  private static final int CRC_OFFSET = 36;
  private static final String SPARE = "spare.tmp";
  private static final String SUFFIX = ".log";

  private final LogFiles files;
  private final int segmentBytes;
  private final SecureRandom random = new SecureRandom();
  private final Object spareLock = new Object();
  private @Nullable LogFile spare;

  SegmentFiles(LogFiles files, int segmentBytes) {
    this.files = files;
    this.segmentBytes = segmentBytes;
  }

  /// What is read from the header of a segment.
  record Opened(Segment segment, long sequenceBefore) {}

  /// Prepares the file of the next segment. May run beside the writer.
  void prepareSpare() throws IOException {
    synchronized (spareLock) {
      if (spare == null) {
        spare = files.create(SPARE, segmentBytes);
      }
    }
  }

  /// Makes a segment, durably.
  Segment create(long number, long sequenceBefore) throws IOException {
    synchronized (spareLock) {
      prepareSpare();
      LogFile file = spare;
      if (file == null) {
        throw new IllegalStateException("There is no spare file");
      }
      spare = null;
      long salt = random.nextLong();
      var header = ByteBuffer.allocate(Segment.HEADER_BYTES);
      header.putLong(MAGIC).putInt(FORMAT).putLong(number).putLong(salt).putLong(sequenceBefore);
      header.putInt(CRC_OFFSET, crc(header)).position(0);
      file.write(header, 0);
      file.sync();
      files.rename(SPARE, Segment.nameOf(number));
      files.syncDirectory();
      return new Segment(number, file, salt, segmentBytes);
    }
  }

  /// Opens the segments there are, oldest first, and forgets a spare file of an earlier run.
  List<Opened> openAll() throws IOException {
    List<String> names = files.list();
    if (names.contains(SPARE)) {
      files.delete(SPARE);
    }
    var opened = new ArrayList<Opened>();
    for (String name : names.stream().filter(name -> name.endsWith(SUFFIX)).sorted().toList()) {
      opened.add(open(name));
    }
    return opened;
  }

  private Opened open(String name) throws IOException {
    LogFile file = files.open(name);
    var header = ByteBuffer.allocate(Segment.HEADER_BYTES);
    file.read(header, 0);
    boolean valid =
        !header.hasRemaining()
            && header.getLong(0) == MAGIC
            && header.getInt(CRC_OFFSET) == crc(header)
            && Segment.nameOf(header.getLong(12)).equals(name);
    if (!valid) {
      file.close();
      throw new DamagedLogException("a segment has no valid header", name, 0);
    }
    if (header.getInt(8) != FORMAT) {
      file.close();
      throw new IOException("The log was written by another version: " + name);
    }
    var segment =
        new Segment(header.getLong(12), file, header.getLong(20), Math.toIntExact(file.size()));
    return new Opened(segment, header.getLong(28));
  }

  private static int crc(ByteBuffer header) {
    var crc = new CRC32C();
    crc.update(header.duplicate().position(0).limit(CRC_OFFSET));
    return (int) crc.getValue();
  }

  void delete(List<Segment> segments) throws IOException {
    for (Segment segment : segments) {
      segment.file.close();
      files.delete(segment.name());
    }
    if (!segments.isEmpty()) {
      files.syncDirectory();
    }
  }

  void closeSpare() throws IOException {
    synchronized (spareLock) {
      if (spare != null) {
        spare.close();
        spare = null;
      }
    }
  }
}
