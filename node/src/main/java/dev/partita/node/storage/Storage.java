package dev.partita.node.storage;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Everything a node stores. Its own reads see the latest committed state; a cursor sees the state
/// of the moment it was opened. What it promises is in the package description.
public interface Storage extends StorageReader, AutoCloseable {
  /// The state of this moment, to be read several times; the caller closes it.
  ReadView view();

  /// An empty batch; the caller closes it.
  Batch newBatch();

  /// Makes everything durable that was committed before. Blocks for as long as the disk takes.
  void flush();

  /// Begins a flush and returns at once; asked again before it has ended, it does nothing. Whoever
  /// wants to know when it has ended listens with [#onFlush].
  void flushSoon();

  /// Has a listener called after each flush, also those that the storage does by itself. It runs on
  /// a thread of the storage, so it is short; several flushes may be told as one. What became
  /// durable is read with [#durableMeta].
  void onFlush(Runnable listener);

  /// The record of this key as it would be after a crash at this moment, or null. Since batches
  /// become durable whole and in their order, an applied index that is read here covers all data
  /// that was written with it.
  byte @Nullable [] durableMeta(Key key);

  /// Removes versions that no read at `safePoint` or later can see, at most about `budget` looked
  /// at. Call it again with the spans that the progress gives back until it is done. May run beside
  /// reads and commits. The caller raises the oldest timestamp that it serves to the safe point
  /// first, and the safe point never goes back.
  ///
  /// Costs as much as there are old versions of rows and ended entries, kept or not; live rows and
  /// entries that never changed cost nothing.
  CollectProgress collect(Span rows, Span entries, Timestamp safePoint, int budget);

  /// Writes the spans as they are in the view into files of a new directory, with all versions.
  /// Reads past the cache; takes long, so no thread of a replica does it.
  List<ExportedFile> exportFiles(ReadView view, List<Span> spans, Path directory);

  /// Empties the spans, then takes in the files that [#exportFiles] wrote there; the files are
  /// moved away. Durable when it returns, but not atomic: a crash leaves any part of it behind. So
  /// the caller flushes a record that says "being installed" before, replaces it after, and starts
  /// over, or clears the spans, when it finds that record at its start. The spans must hold all
  /// keys of the files.
  void importFiles(Path directory, List<Span> spans);

  /// Removes everything in a span with all versions. Not atomic when the span has a filter. Durable
  /// after the next flush.
  void clear(Span span);

  /// Bytes on disk and in memory of a range with all versions, roughly; a filter is not considered.
  long approximateBytes(Family family, KeyRange range);

  /// Figures for metrics.
  StorageStatistics statistics();

  /// Flushes, waits a moment for reads under way, and closes. Nothing may be called afterwards;
  /// later calls fail.
  @Override
  void close();
}
