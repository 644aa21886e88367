package dev.partita.local.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/// Objects by key, each write under a new revision.
///
/// Layout in RocksDB: byte 1 and the key give the object as JSON, byte 0 gives the revision of the
/// last write as eight bytes, big-endian; both change in one batch. All methods are safe for use by
/// many threads. Objects that come out are shared and must not be changed. Once it is closed, it
/// can still be read, and refuses writes.
public final class Store implements AutoCloseable {
  /// A write came after the store was closed: whoever wrote has outlived the control plane.
  public static final class ClosedException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    private ClosedException() {
      super("the store is closed");
    }
  }

  /// How many of the last writes a watch may start behind. As trees in memory, objects take some 25
  /// KiB each.
  static final int HISTORY_MAX = 1_000;

  private static final byte[] REVISION_KEY = {0};
  private static final byte OBJECT_PREFIX = 1;

  private final RocksDB database;
  private final Options options;
  private final WriteOptions writeOptions = new WriteOptions();
  private final NavigableMap<StoreKey, ObjectNode> objects = new TreeMap<>();
  private final Deque<StoreEvent> history = new ArrayDeque<>();
  private final Set<Watch> watches = new CopyOnWriteArraySet<>();
  private long revision;
  private long forgotten;
  private boolean closed;

  private Store(RocksDB database, Options options) {
    this.database = database;
    this.options = options;
  }

  /// Opens the store in `directory`, which is made when it does not exist.
  public static Store open(Path directory) {
    RocksDB.loadLibrary();
    Options options = new Options().setCreateIfMissing(true).setKeepLogFileNum(2);
    try {
      Files.createDirectories(directory);
      Store store = new Store(RocksDB.open(options, directory.toString()), options);
      store.load();
      return store;
    } catch (IOException e) {
      options.close();
      throw new UncheckedIOException(e);
    } catch (RocksDBException e) {
      options.close();
      throw new IllegalStateException("store cannot be opened in " + directory, e);
    }
  }

  private synchronized void load() throws RocksDBException {
    byte[] last = database.get(REVISION_KEY);
    revision = last == null ? 1 : ByteBuffer.wrap(last).getLong();
    forgotten = revision;
    try (RocksIterator rows = database.newIterator()) {
      for (rows.seek(new byte[] {OBJECT_PREFIX}); rows.isValid(); rows.next()) {
        byte[] key = rows.key();
        byte[] name = Arrays.copyOfRange(key, 1, key.length);
        objects.put(StoreKey.parse(name), Json.parseTrusted(rows.value()));
      }
      rows.status();
    }
  }

  /// The revision of the last write.
  public synchronized long revision() {
    return revision;
  }

  public synchronized @Nullable ObjectNode get(StoreKey key) {
    return objects.get(key);
  }

  /// Objects as they were together at one revision.
  public record Listing(long revision, List<ObjectNode> objects) {}

  /// All objects of a resource, of one namespace unless `namespace` is empty, in the order of their
  /// names.
  public synchronized Listing list(String resource, String namespace) {
    String upper = namespace.isEmpty() ? "\uffff" : namespace + "\u0001";
    StoreKey from = new StoreKey(resource, namespace, "");
    StoreKey to = new StoreKey(resource, upper, "");
    return new Listing(revision, List.copyOf(objects.subMap(from, to).values()));
  }

  /// The keys of all objects that `interest` accepts.
  public synchronized List<StoreKey> keys(Predicate<StoreKey> interest) {
    return objects.keySet().stream().filter(interest).toList();
  }

  /// Stores an object under the next revision, which is written into its
  /// `metadata.resourceVersion`.
  ///
  /// @param object belongs to the store from now on
  /// @return the stored object
  public synchronized ObjectNode put(StoreKey key, ObjectNode object) {
    long next = revision + 1;
    Json.ensure(object, "metadata").put("resourceVersion", Long.toString(next));
    byte[] json = Json.bytes(object);
    ObjectNode stored = Json.parseTrusted(json);
    write(next, batch -> batch.put(row(key), json));
    ObjectNode previous = objects.put(key, stored);
    StoreEvent.Type type = previous == null ? StoreEvent.Type.ADDED : StoreEvent.Type.MODIFIED;
    publish(new StoreEvent(type, key, next, stored, previous));
    return stored;
  }

  /// Removes an object.
  ///
  /// @return its last state, which carries the revision of the removal; null if it was not there
  public synchronized @Nullable ObjectNode delete(StoreKey key) {
    ObjectNode previous = objects.get(key);
    if (previous == null) {
      return null;
    }
    long next = revision + 1;
    write(next, batch -> batch.delete(row(key)));
    objects.remove(key);
    ObjectNode last = previous.deepCopy();
    Json.ensure(last, "metadata").put("resourceVersion", Long.toString(next));
    publish(new StoreEvent(StoreEvent.Type.DELETED, key, next, last, previous));
    return last;
  }

  private interface Change {
    void addTo(WriteBatch batch) throws RocksDBException;
  }

  /// @throws ClosedException rather than hand memory that is not ours any more to RocksDB, which
  ///   does not look
  private void write(long next, Change change) {
    if (closed) {
      throw new ClosedException();
    }
    try (WriteBatch batch = new WriteBatch()) {
      change.addTo(batch);
      batch.put(REVISION_KEY, ByteBuffer.allocate(Long.BYTES).putLong(next).array());
      database.write(writeOptions, batch);
    } catch (RocksDBException e) {
      throw new IllegalStateException("write failed", e);
    }
    revision = next;
  }

  private static byte[] row(StoreKey key) {
    byte[] name = key.bytes();
    return ByteBuffer.allocate(1 + name.length).put(OBJECT_PREFIX).put(name).array();
  }

  private void publish(StoreEvent event) {
    history.addLast(event);
    if (history.size() > HISTORY_MAX) {
      forgotten = history.removeFirst().revision();
    }
    watches.forEach(watch -> watch.offer(event));
  }

  /// Watches all writes after revision `since` to keys that `interest` accepts.
  ///
  /// @return null if the writes after `since` are not all known any more
  public synchronized @Nullable Watch watch(Predicate<StoreKey> interest, long since) {
    if (since < forgotten || since > revision) {
      return null;
    }
    Watch watch = new Watch(this, interest);
    for (StoreEvent event : history) {
      if (event.revision() > since) {
        watch.offer(event);
      }
    }
    watches.add(watch);
    return watch;
  }

  /// Watches, and begins with an ADDED event for every object that exists.
  public synchronized Watch watchFromStart(Predicate<StoreKey> interest) {
    Watch watch = new Watch(this, interest);
    List<StoreEvent> existing = new ArrayList<>();
    objects.forEach((key, object) ->
        existing.add(
            new StoreEvent(
                StoreEvent.Type.ADDED,
                key,
                Json.number(object, 0, "metadata", "resourceVersion"),
                object,
                null)));
    existing.forEach(watch::offer);
    watches.add(watch);
    return watch;
  }

  synchronized void remove(Watch watch) {
    watches.remove(watch);
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    database.close();
    writeOptions.close();
    options.close();
  }
}
