package dev.partita.node.replication.log;

import dev.partita.node.raft.Entry;
import dev.partita.node.raft.GroupId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One append-only log for all groups of a node, in segment files.
///
/// Lanes queue records with [#append]. One thread, the writer, calls [#writeQueued] whenever
/// [#awaitWork] says so: it takes everything that waits, writes it as one batch, makes it durable,
/// updates the [GroupLog]s, and completes the appends, in order. Segments that no group needs are
/// deleted, oldest first. When the log is larger than its bound, what the groups still need of the
/// oldest segment is written again, a little with each batch.
///
/// The first failed write or sync is final: that append, all that wait and all that come later fail
/// with it. What is on the disk then is not known, so nothing may be written behind it.
public final class SharedLog implements AutoCloseable {
  /// Live records written again with one batch at most; bounds what it adds to the time of a batch.
  private static final int REWRITE_BYTES = 1 << 20;

  /// Entries go into records of about this size, or of a batch if that is less, so that batches can
  /// be cut between them.
  private static final int RECORD_BYTES = 1 << 20;

  /// Learns that an append is durable.
  @FunctionalInterface
  public interface Completion {
    /// Called by the writer.
    ///
    /// @param failure null if the records are durable, else why nothing can be written any more
    void completed(@Nullable Throwable failure);
  }

  private static final class Append {
    final List<LogRecord> records;
    final long bytes;
    final Completion completion;
    int written;

    Append(List<LogRecord> records, long bytes, Completion completion) {
      this.records = records;
      this.bytes = bytes;
      this.completion = completion;
    }
  }

  private final LogSettings settings;
  private final SegmentFiles files;
  private final ConcurrentHashMap<GroupId, GroupLog> groups = new ConcurrentHashMap<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();
  private final ArrayDeque<Append> queue = new ArrayDeque<>();
  private final AtomicLong queuedBytes = new AtomicLong();
  private boolean closed;
  private volatile @Nullable Throwable failure;

  // Owned by the writer.
  private final ArrayDeque<Segment> segments;
  private final EntryCache cache;
  private long sequence;
  private ByteBuffer buffer;
  private volatile int segmentCount;
  private volatile int segmentsMade;
  private final AtomicLong syncs = new AtomicLong();
  private volatile LogListener listener = LogListener.NONE;

  private SharedLog(LogSettings settings, LogFiles logFiles) throws IOException {
    this.settings = settings;
    this.files = new SegmentFiles(logFiles, settings.segmentBytes());
    this.cache = new EntryCache(settings.cacheBytesMax());
    this.buffer = ByteBuffer.allocateDirect(64 << 10);
    var recovery = new LogRecovery(files, groups);
    recovery.run();
    this.segments = recovery.segments();
    this.sequence = recovery.sequence();
    if (segments.isEmpty()) {
      segments.add(files.create(1, 0));
    }
    this.segmentCount = segments.size();
  }

  /// Opens the log, and reads back what is in it.
  ///
  /// @throws DamagedLogException if it is damaged elsewhere than in a torn tail
  public static SharedLog open(LogSettings settings, LogFiles files) throws IOException {
    return new SharedLog(settings, files);
  }

  /// The groups of which there is anything in the log, removed ones left out.
  public Collection<GroupId> groups() {
    return groups.values().stream().filter(GroupLog::exists).map(GroupLog::group).toList();
  }

  /// Whether all that the log has of a group is the memory of a replica that was removed.
  public boolean isRemoved(GroupId group) {
    GroupLog log = groups.get(group);
    return log != null && log.isRemoved();
  }

  /// The log of a group; empty if nothing was ever written for it.
  public GroupLog group(GroupId group) {
    return groups.computeIfAbsent(group, GroupLog::new);
  }

  /// Why the log can no longer be written, or null.
  public @Nullable Throwable failure() {
    return failure;
  }

  /// Whether so much waits for the writer that no more should be brought.
  public boolean busy() {
    return queuedBytes.get() > settings.queuedBytesMax();
  }

  /// Bytes of all segments.
  public long sizeBytes() {
    return (long) segmentCount * settings.segmentBytes();
  }

  /// Segment files.
  public int segmentCount() {
    return segmentCount;
  }

  /// Bytes that wait for the writer.
  public long queuedBytes() {
    return queuedBytes.get();
  }

  /// Has a listener hear of every batch from now on; there is one.
  public void listen(LogListener toTell) {
    listener = toTell;
  }

  /// Whether the log is near its bound, so that groups should not keep more in it than they must.
  public boolean crowded() {
    return sizeBytes() > settings.logBytesMax() / 4 * 3;
  }

  /// Syncs so far, for metrics.
  public long syncs() {
    return syncs.get();
  }

  /// Queues records to be written, in order and after all queued before. Returns at once.
  public void append(List<LogRecord> records, Completion completion) {
    var split = new ArrayList<LogRecord>(records.size());
    long bytes = 0;
    for (LogRecord record : records) {
      bytes += RecordCodec.sizeBytes(record);
      split(record, split);
    }
    Throwable reason;
    lock.lock();
    try {
      reason = failure != null || !closed ? failure : new IOException("The log is closed");
      if (reason == null) {
        queue.add(new Append(split, bytes, completion));
        queuedBytes.addAndGet(bytes);
        work.signal();
      }
    } finally {
      lock.unlock();
    }
    if (reason != null) {
      completion.completed(reason);
    }
  }

  private void split(LogRecord record, List<LogRecord> into) {
    int recordBytes = Math.min(RECORD_BYTES, settings.batchBytesMax());
    if (!(record instanceof LogRecord.Entries(GroupId group, List<Entry> entries))
        || RecordCodec.sizeBytes(record) <= recordBytes) {
      into.add(record);
      return;
    }
    int from = 0;
    int bytes = 0;
    for (int i = 0; i < entries.size(); i++) {
      bytes += RecordCodec.sizeBytes(entries.get(i));
      if (bytes >= recordBytes || i == entries.size() - 1) {
        into.add(new LogRecord.Entries(group, List.copyOf(entries.subList(from, i + 1))));
        from = i + 1;
        bytes = 0;
      }
    }
  }

  /// Waits until there is something to write, the log is closed, or time is up.
  ///
  /// @return false if the log is closed and everything is written
  public boolean awaitWork(long timeoutNanos) throws InterruptedException {
    lock.lock();
    try {
      long left = timeoutNanos;
      while (queue.isEmpty() && !closed && left > 0) {
        left = work.awaitNanos(left);
      }
      return !closed || !queue.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /// Writes one batch of what waits. Called by the writer only.
  public void writeQueued() {
    if (failure != null) {
      failQueued();
      return;
    }
    var done = new ArrayList<Append>();
    try {
      var batch = new ArrayList<LogRecord>();
      int bytes = addRewrites(batch);
      gather(batch, bytes, done);
      if (!batch.isEmpty()) {
        write(batch);
        deleteUnneeded();
      }
    } catch (IOException | RuntimeException e) {
      failure = e;
    }
    Throwable reason = failure;
    done.forEach(append -> append.completion.completed(reason));
    if (reason != null) {
      failQueued();
    }
  }

  /// Takes records from the queue until the batch is large enough; `done` are the appends that end
  /// with it.
  private void gather(List<LogRecord> batch, int bytesBefore, List<Append> done) {
    long bytes = bytesBefore;
    lock.lock();
    try {
      boolean full = false;
      while (!queue.isEmpty() && !full) {
        Append append = queue.getFirst();
        while (append.written < append.records.size() && !full) {
          LogRecord next = append.records.get(append.written);
          int size = RecordCodec.sizeBytes(next);
          full = !batch.isEmpty() && bytes + size > settings.batchBytesMax();
          if (!full) {
            batch.add(next);
            bytes += size;
            append.written++;
          }
        }
        if (append.written == append.records.size()) {
          done.add(queue.removeFirst());
          queuedBytes.addAndGet(-append.bytes);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void write(List<LogRecord> batch) throws IOException {
    int bodyBytes = 0;
    for (LogRecord record : batch) {
      bodyBytes = Math.addExact(bodyBytes, RecordCodec.sizeBytes(record));
    }
    int batchBytes = BatchCodec.HEADER_BYTES + BatchCodec.aligned(bodyBytes);
    Segment segment = segmentFor(batchBytes);
    ByteBuffer out = bufferOf(batchBytes);
    out.position(BatchCodec.HEADER_BYTES);
    int[] offsets = new int[batch.size()];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = segment.endOffset + out.position();
      RecordCodec.encode(batch.get(i), out);
    }
    BatchCodec.seal(out, sequence + 1, segment.salt);
    segment.file.write(out, segment.endOffset);
    long begun = System.nanoTime();
    segment.file.sync();
    listener.written(batch.size(), batchBytes, System.nanoTime() - begun);
    syncs.incrementAndGet();
    sequence++;
    segment.endOffset += batchBytes;
    for (int i = 0; i < offsets.length; i++) {
      apply(batch.get(i), segment, offsets[i]);
    }
  }

  private void apply(LogRecord record, Segment segment, int offset) {
    GroupLog group = group(record.group());
    group.apply(record, segment, offset);
    if (record instanceof LogRecord.Entries(GroupId _, List<Entry> entries)) {
      cache.add(group, entries);
    }
  }

  private ByteBuffer bufferOf(int bytes) {
    if (buffer.capacity() < bytes) {
      buffer = ByteBuffer.allocateDirect(Math.max(bytes, 2 * buffer.capacity()));
    }
    return buffer.clear();
  }

  private Segment segmentFor(int batchBytes) throws IOException {
    Segment last = segments.getLast();
    if (last.sizeBytes - last.endOffset >= batchBytes) {
      return last;
    }
    if (batchBytes > settings.segmentBytes() - Segment.HEADER_BYTES) {
      throw new IllegalStateException("A batch is larger than a segment");
    }
    Segment next = files.create(last.number + 1, sequence);
    segments.add(next);
    segmentCount = segments.size();
    segmentsMade = Math.toIntExact(next.number);
    return next;
  }

  /// A number that rises with each segment made: when this has changed, it is time for
  /// [#prepareSpare].
  public int segmentsMade() {
    return segmentsMade;
  }

  /// Prepares the next segment's file, so that the writer does not have to. Called from any thread
  /// but the writer's, now and then; a failure shows up when the writer needs the file.
  public void prepareSpare() throws IOException {
    files.prepareSpare();
  }

  private void deleteUnneeded() throws IOException {
    var unneeded = new ArrayList<Segment>();
    while (segments.size() > 1 && segments.getFirst().unneeded()) {
      unneeded.add(segments.removeFirst());
    }
    segmentCount = segments.size();
    files.delete(unneeded);
  }

  /// Begins a batch with records that the oldest segment is still needed for, if the log is too
  /// large and that would help.
  private int addRewrites(List<LogRecord> batch) {
    if (sizeBytes() <= settings.logBytesMax() || segments.size() < 2) {
      return 0;
    }
    Segment oldest = segments.getFirst();
    long live = segments.stream().mapToLong(Segment::liveBytes).sum();
    if (live > sizeBytes() / 2) {
      return 0;
    }
    int budget = Math.min(REWRITE_BYTES, settings.batchBytesMax() / 2);
    int bytes = 0;
    for (GroupLog group : groups.values()) {
      for (LogRecord record : group.liveIn(oldest, Math.max(1, budget - bytes))) {
        batch.add(record);
        bytes += RecordCodec.sizeBytes(record);
      }
      if (bytes >= budget) {
        break;
      }
    }
    return bytes;
  }

  private void failQueued() {
    Throwable reason = failure;
    List<Append> waiting;
    lock.lock();
    try {
      waiting = new ArrayList<>(queue);
      queue.clear();
      queuedBytes.set(0);
    } finally {
      lock.unlock();
    }
    waiting.forEach(append -> append.completion.completed(reason));
  }

  /// Marks the log as closed; the writer ends when everything queued is written.
  public void beginClose() {
    lock.lock();
    try {
      closed = true;
      work.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Closes the files; the writer has ended.
  @Override
  public void close() throws IOException {
    beginClose();
    for (Segment segment : segments) {
      segment.file.close();
    }
    files.closeSpare();
  }
}
