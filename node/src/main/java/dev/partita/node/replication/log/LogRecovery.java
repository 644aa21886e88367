package dev.partita.node.replication.log;

import dev.partita.node.raft.GroupId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads the log back when it is opened. What a crash can leave behind, an incomplete last batch,
/// is wiped; any other damage is refused with [DamagedLogException].
final class LogRecovery {
  private static final int WINDOW_BYTES = 1 << 20;

  private final SegmentFiles files;
  private final Map<GroupId, GroupLog> groups;
  private final ArrayDeque<Segment> segments = new ArrayDeque<>();
  private long sequence;
  private @Nullable Segment current;
  private ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES);
  private long windowStart = -1;
  private int lastBatchOffset;

  LogRecovery(SegmentFiles files, Map<GroupId, GroupLog> groups) {
    this.files = files;
    this.groups = groups;
  }

  ArrayDeque<Segment> segments() {
    return segments;
  }

  /// The sequence of the last batch.
  long sequence() {
    return sequence;
  }

  void run() throws IOException {
    List<SegmentFiles.Opened> opened = files.openAll();
    for (SegmentFiles.Opened each : opened) {
      Segment segment = each.segment();
      checkFollows(segment, each.sequenceBefore());
      segments.add(segment);
      sequence = each.sequenceBefore();
      replay(segment);
    }
    if (!segments.isEmpty()) {
      repairTail(segments.getLast());
    }
    checkWhole();
  }

  private void checkFollows(Segment segment, long sequenceBefore) throws IOException {
    Segment before = segments.peekLast();
    if (before == null) {
      return;
    }
    if (before.number + 1 != segment.number) {
      throw new DamagedLogException("a segment is missing before this one", segment.name(), 0);
    }
    if (sequence != sequenceBefore) {
      throw new DamagedLogException(
          "batches are missing at the end of a segment", before.name(), before.endOffset);
    }
  }

  private void replay(Segment segment) throws IOException {
    current = segment;
    windowStart = -1;
    lastBatchOffset = 0;
    while (true) {
      int offset = segment.endOffset;
      BatchCodec.Header header = headerAt(offset);
      if (header == null || header.sequence() != sequence + 1) {
        return;
      }
      int bodyOffset = offset + BatchCodec.HEADER_BYTES;
      if (header.bodyBytes() < 0 || header.bodyBytes() > segment.sizeBytes - bodyOffset) {
        return;
      }
      ByteBuffer body = slice(bodyOffset, header.bodyBytes());
      if (!BatchCodec.bodyMatches(body, header)) {
        return;
      }
      apply(body, bodyOffset);
      sequence = header.sequence();
      lastBatchOffset = offset;
      segment.endOffset = bodyOffset + header.bodyBytes();
    }
  }

  private BatchCodec.@Nullable Header headerAt(int offset) throws IOException {
    Segment segment = segment();
    if (offset + BatchCodec.HEADER_BYTES > segment.sizeBytes) {
      return null;
    }
    return BatchCodec.header(slice(offset, BatchCodec.HEADER_BYTES), 0, segment.salt);
  }

  private void apply(ByteBuffer body, int bodyOffset) throws IOException {
    Segment segment = segment();
    // A record begins with its kind, which is never 0, so what follows the last one is padding.
    while (body.hasRemaining() && body.get(body.position()) != 0) {
      int offset = bodyOffset + body.position();
      try {
        LogRecord record = RecordCodec.decode(body);
        groups.computeIfAbsent(record.group(), GroupLog::new).recover(record, segment, offset);
      } catch (IllegalArgumentException e) {
        throw new DamagedLogException(String.valueOf(e.getMessage()), segment.name(), offset);
      }
    }
  }

  /// Makes the end of the last segment fit to be written on.
  private void repairTail(Segment last) throws IOException {
    // A later batch is written only when the one before is durable, so nothing valid can follow
    // what a crash has torn.
    int nonzeroEnd = last.endOffset;
    for (int offset = last.endOffset;
        offset + BatchCodec.HEADER_BYTES <= last.sizeBytes;
        offset += BatchCodec.ALIGNMENT) {
      if (slice(offset, BatchCodec.ALIGNMENT).getLong(0) == 0) {
        continue;
      }
      nonzeroEnd = offset + BatchCodec.ALIGNMENT;
      BatchCodec.Header header = headerAt(offset);
      if (header != null && header.sequence() > sequence + 1) {
        throw new DamagedLogException(
            "a batch that was durable cannot be read", last.name(), last.endOffset);
      }
    }
    if (nonzeroEnd > last.endOffset) {
      last.file.write(ByteBuffer.allocate(last.sizeBytes - last.endOffset), last.endOffset);
    }
    if (lastBatchOffset > 0) {
      // If its sync failed in the former run, the last batch may be in the page cache only.
      ByteBuffer batch = slice(lastBatchOffset, last.endOffset - lastBatchOffset);
      last.file.write(batch.duplicate(), lastBatchOffset);
    }
    last.file.sync();
  }

  private void checkWhole() throws IOException {
    for (GroupLog group : groups.values()) {
      long hole = group.firstHole();
      if (hole != 0) {
        throw new DamagedLogException(
            "entry " + hole + " of group " + group.group() + " is missing",
            segments.getFirst().name(),
            0);
      }
    }
  }

  private Segment segment() {
    if (current == null) {
      throw new IllegalStateException("No segment is being read");
    }
    return current;
  }

  /// Bytes of the current segment, position 0 being the offset asked for.
  private ByteBuffer slice(int offset, int length) throws IOException {
    boolean inside =
        windowStart >= 0
            && offset >= windowStart
            && offset + (long) length <= windowStart + window.limit();
    if (!inside) {
      if (window.capacity() < length) {
        window = ByteBuffer.allocate(length);
      }
      window.clear();
      segment().file.read(window, offset);
      window.flip();
      windowStart = offset;
      if (window.limit() < length) {
        throw new DamagedLogException(
            "the file is shorter than it was made", segment().name(), offset);
      }
    }
    return window.slice((int) (offset - windowStart), length);
  }
}
