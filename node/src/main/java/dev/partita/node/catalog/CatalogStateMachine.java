package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogRules.Transition;
import dev.partita.node.key.Key;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.Command;
import dev.partita.node.replication.SnapshotSource;
import dev.partita.node.replication.StateMachine;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// The state machine of the system partition: a [Catalog] in memory, its rows in the node's
/// storage. Each batch of commands is one atomic batch of rows together with the index applied, so
/// a crash leaves a catalog that the log goes on from.
///
/// Owned by the apply thread of group 0; [#catalog] and [#durableIndex] may be called from
/// anywhere.
@SuppressWarnings("ReferenceEquality") // the same catalog is the sign that nothing was changed
public final class CatalogStateMachine implements StateMachine {
  private static final Key MARK = CatalogRows.key("mark");
  private static final String SNAPSHOT_FILE = "catalog";

  private final Storage storage;
  private final LeaderListener leaderListener;
  private final List<CatalogListener> listeners = new CopyOnWriteArrayList<>();
  private volatile Catalog catalog;
  private volatile SnapshotMark mark;

  /// Learns who leads the system partition.
  @FunctionalInterface
  public interface LeaderListener {
    /// There is another leader, or none. Called on the apply thread; must be quick.
    ///
    /// @param self whether this node leads
    void leaderChanged(@Nullable NodeId leader, long term, boolean self);
  }

  /// Opens what the storage holds.
  public CatalogStateMachine(Storage storage, LeaderListener leaderListener) {
    this.storage = storage;
    this.leaderListener = leaderListener;
    this.catalog = CatalogRows.read(storage);
    this.mark = decodeMark(storage.meta(MARK));
  }

  /// The newest catalog that was applied on this node.
  public Catalog catalog() {
    return catalog;
  }

  /// Calls the listener with the present catalog, and then with each new one. It may be called with
  /// the same catalog twice.
  public void addListener(CatalogListener listener) {
    listeners.add(listener);
    listener.changed(catalog);
  }

  @Override
  public SnapshotMark mark() {
    return mark;
  }

  @Override
  public long durableIndex() {
    return decodeMark(storage.durableMeta(MARK)).index();
  }

  @Override
  public void flushSoon() {
    storage.flushSoon();
  }

  @Override
  public List<Object> apply(List<Command> committed) {
    List<Object> results = new ArrayList<>(committed.size());
    Catalog before = catalog;
    Catalog after = before;
    for (Command command : committed) {
      Transition transition =
          CatalogRules.apply(after, CatalogCodec.decode(command.payload(), CatalogCommand.class));
      after = transition.catalog();
      results.add(transition.result());
    }
    if (!committed.isEmpty()) {
      Command last = committed.getLast();
      save(before, after, new SnapshotMark(last.index(), last.term(), mark.configuration()));
    }
    return results;
  }

  @Override
  public void applyConfiguration(long index, long term, Configuration configuration) {
    save(catalog, catalog, new SnapshotMark(index, term, configuration));
  }

  private void save(Catalog before, Catalog after, SnapshotMark newMark) {
    try (Batch batch = storage.newBatch()) {
      CatalogRows.write(batch, before, after);
      batch.putMeta(MARK, encodeMark(newMark));
      batch.commit();
    }
    mark = newMark;
    publish(after);
  }

  private void publish(Catalog after) {
    if (after != catalog) {
      catalog = after;
      listeners.forEach(listener -> listener.changed(after));
    }
  }

  @Override
  public SnapshotSource openSnapshot() {
    Catalog fixed = catalog;
    return new SnapshotSource() {
      @Override
      public void writeTo(Path directory) throws IOException {
        Files.write(
            directory.resolve(SNAPSHOT_FILE), CatalogCodec.encode(CatalogContent.of(fixed)));
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void install(Path directory, SnapshotMark newMark) throws IOException {
    Catalog installed =
        CatalogCodec.decode(
                Files.readAllBytes(directory.resolve(SNAPSHOT_FILE)), CatalogContent.class)
            .toCatalog();
    try (Batch batch = storage.newBatch()) {
      CatalogRows.clear(batch);
      CatalogRows.write(batch, Catalog.EMPTY, installed);
      batch.putMeta(MARK, encodeMark(newMark));
      batch.commit();
    }
    storage.flush();
    mark = newMark;
    publish(installed);
  }

  @Override
  public void leaderChanged(@Nullable NodeId leader, long term, boolean self) {
    leaderListener.leaderChanged(leader, term, self);
  }

  @Override
  public void close() {}

  private static byte[] encodeMark(SnapshotMark mark) {
    byte[] configuration = mark.configuration().encode();
    return ByteBuffer.allocate(2 * Long.BYTES + configuration.length)
        .putLong(mark.index())
        .putLong(mark.term())
        .put(configuration)
        .array();
  }

  private static SnapshotMark decodeMark(byte @Nullable [] encoded) {
    if (encoded == null) {
      return SnapshotMark.NONE;
    }
    ByteBuffer in = ByteBuffer.wrap(encoded);
    long index = in.getLong();
    long term = in.getLong();
    byte[] configuration = new byte[in.remaining()];
    in.get(configuration);
    return new SnapshotMark(index, term, Configuration.decode(configuration));
  }
}
