package dev.partita.node.replication.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// A directory in memory that can crash: what was not synced is lost, kept, or torn at sector
/// boundaries. Not thread-safe.
public final class SimulatedFiles implements LogFiles {
  private static final int SECTOR_BYTES = 64;

  private final SplittableRandom random;
  private Map<String, SimulatedFile> names = new HashMap<>();
  private Map<String, SimulatedFile> durableNames = new HashMap<>();
  private boolean failNextSync;
  private boolean full;
  private int syncs;

  /// A directory whose crashes are decided by the seed.
  public SimulatedFiles(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /// Makes the next sync of a file fail.
  public void failNextSync() {
    failNextSync = true;
  }

  /// Whether there is no room for another file.
  public void full(boolean isFull) {
    full = isFull;
  }

  /// Syncs of files so far.
  public int syncs() {
    return syncs;
  }

  /// The machine stops, and starts again.
  public void crash() {
    names = new HashMap<>(durableNames);
    names.values().forEach(file -> file.crash(random));
    failNextSync = false;
  }

  /// The bytes of a file, to be damaged.
  public byte[] bytes(String name) {
    return file(name).current;
  }

  /// An exact copy of everything as it is on the disk now.
  public SimulatedFiles copy() {
    var copy = new SimulatedFiles(0);
    names.forEach((name, file) -> {
      var copied = new SimulatedFile(copy, file.current.clone());
      copy.names.put(name, copied);
      copy.durableNames.put(name, copied);
    });
    return copy;
  }

  private SimulatedFile file(String name) {
    SimulatedFile file = names.get(name);
    if (file == null) {
      throw new IllegalStateException("No such file: " + name);
    }
    return file;
  }

  @Override
  public List<String> list() {
    return List.copyOf(names.keySet());
  }

  @Override
  public LogFile create(String name, long sizeBytes) throws IOException {
    if (full) {
      throw new IOException("No space left");
    }
    var file = new SimulatedFile(this, new byte[(int) sizeBytes]);
    names.put(name, file);
    return file;
  }

  @Override
  public LogFile open(String name) {
    return file(name);
  }

  @Override
  public void rename(String from, String to) {
    names.put(to, file(from));
    names.remove(from);
  }

  @Override
  public void delete(String name) {
    names.remove(name);
  }

  @Override
  public void syncDirectory() {
    durableNames = new HashMap<>(names);
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Write(int position, byte[] bytes) {}

  private static final class SimulatedFile implements LogFile {
    private final SimulatedFiles directory;
    private final byte[] durable;
    private byte[] current;
    private final List<Write> unsynced = new ArrayList<>();

    SimulatedFile(SimulatedFiles directory, byte[] content) {
      this.directory = directory;
      this.durable = content;
      this.current = content.clone();
    }

    void crash(SplittableRandom random) {
      for (Write write : unsynced) {
        for (int at = 0; at < write.bytes().length; at += SECTOR_BYTES) {
          int length = Math.min(SECTOR_BYTES, write.bytes().length - at);
          if (random.nextBoolean()) {
            System.arraycopy(write.bytes(), at, durable, write.position() + at, length);
          }
        }
      }
      unsynced.clear();
      current = durable.clone();
    }

    @Override
    public long size() {
      return current.length;
    }

    @Override
    public void write(ByteBuffer source, long position) {
      byte[] bytes = new byte[source.remaining()];
      source.get(bytes);
      System.arraycopy(bytes, 0, current, (int) position, bytes.length);
      unsynced.add(new Write((int) position, bytes));
    }

    @Override
    public void read(ByteBuffer target, long position) {
      int length = (int) Math.min(target.remaining(), current.length - position);
      target.put(current, (int) position, length);
    }

    @Override
    public void sync() throws IOException {
      if (directory.failNextSync) {
        directory.failNextSync = false;
        throw new IOException("Sync failed for the test");
      }
      directory.syncs++;
      for (Write write : unsynced) {
        System.arraycopy(write.bytes(), 0, durable, write.position(), write.bytes().length);
      }
      unsynced.clear();
    }

    @Override
    public void close() {}
  }
}
