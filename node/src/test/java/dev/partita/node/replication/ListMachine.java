package dev.partita.node.replication;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A state machine that remembers the sequence of commands, each a number. What survives a crash is
/// in its [Disk].
final class ListMachine implements StateMachine {
  private static final String FILE = "commands";

  /// What is left of a machine after a crash.
  static final class Disk {
    private SnapshotMark mark = SnapshotMark.NONE;
    private List<Long> commands = List.of();
    private @Nullable NodeId firstLeader;

    /// Data that another group has handed over, and who leads first.
    static Disk inherited(Configuration members, NodeId firstLeader) {
      var disk = new Disk();
      disk.store(SnapshotMark.inherited(members), List.of());
      disk.firstLeader = firstLeader;
      return disk;
    }

    synchronized void store(SnapshotMark newMark, List<Long> newCommands) {
      mark = newMark;
      commands = List.copyOf(newCommands);
    }

    synchronized void wipe() {
      store(SnapshotMark.NONE, List.of());
    }

    synchronized SnapshotMark mark() {
      return mark;
    }
  }

  private final Disk disk;
  private final int flushEvery;
  private final List<Long> commands;
  private SnapshotMark mark;
  private int sinceFlush;
  private boolean closed;
  int installs;
  volatile boolean leads;
  volatile boolean broken;
  volatile boolean installFails;

  /// Waited for before this command is applied; nobody is kept from looking meanwhile.
  volatile @Nullable Gate gate;

  private final AtomicLong durableLooks = new AtomicLong();

  /// @param open completed when the command may be applied
  record Gate(long command, CompletableFuture<Void> open) {}

  /// Starts from what the disk holds; writes to it after so many commands.
  ListMachine(Disk disk, int flushEvery) {
    this.disk = disk;
    this.flushEvery = flushEvery;
    synchronized (disk) {
      this.mark = disk.mark;
      this.commands = new ArrayList<>(disk.commands);
    }
  }

  static byte[] command(long number) {
    return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
  }

  static byte[] command(long number, int size) {
    return ByteBuffer.allocate(size).putLong(0, number).array();
  }

  synchronized List<Long> commands() {
    return List.copyOf(commands);
  }

  synchronized boolean closed() {
    return closed;
  }

  synchronized int installs() {
    return installs;
  }

  @Override
  public synchronized SnapshotMark mark() {
    return mark;
  }

  @Override
  public @Nullable NodeId firstLeader() {
    return disk.firstLeader;
  }

  @Override
  public long durableIndex() {
    durableLooks.incrementAndGet();
    return disk.mark().index();
  }

  @Override
  public synchronized void flushSoon() {
    flush();
  }

  /// How often it was asked for what is durable.
  long durableLooks() {
    return durableLooks.get();
  }

  private void flush() {
    sinceFlush = 0;
    disk.store(mark, commands);
  }

  @Override
  public List<Object> apply(List<Command> committed) {
    Gate closedGate = gate;
    if (closedGate != null
        && committed.stream().anyMatch(each -> number(each) == closedGate.command())) {
      closedGate.open().join();
    }
    return applyNow(committed);
  }

  private static long number(Command command) {
    return ByteBuffer.wrap(command.payload()).getLong();
  }

  private synchronized List<Object> applyNow(List<Command> committed) {
    if (closed) {
      throw new IllegalStateException("Applied to a closed machine");
    }
    if (broken) {
      throw new IllegalStateException("Broken for the test");
    }
    List<Object> results = new ArrayList<>();
    for (Command command : committed) {
      if (command.index() <= mark.index()) {
        throw new IllegalStateException("Applied twice or out of order");
      }
      commands.add(number(command));
      mark = new SnapshotMark(command.index(), command.term(), mark.configuration());
      results.add(commands.size());
    }
    sinceFlush += committed.size();
    if (sinceFlush >= flushEvery) {
      flush();
    }
    return results;
  }

  @Override
  public synchronized void applyConfiguration(long index, long term, Configuration configuration) {
    mark = new SnapshotMark(index, term, configuration);
  }

  @Override
  public synchronized SnapshotSource openSnapshot() {
    List<Long> fixed = List.copyOf(commands);
    return new SnapshotSource() {
      @Override
      public void writeTo(Path directory) throws IOException {
        var bytes = ByteBuffer.allocate(fixed.size() * Long.BYTES);
        fixed.forEach(bytes::putLong);
        Files.write(directory.resolve(FILE), bytes.array());
        Files.write(directory.resolve("empty"), new byte[0]);
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public synchronized void install(Path directory, SnapshotMark newMark) throws IOException {
    disk.wipe();
    if (installFails) {
      throw new IllegalStateException("Broken for the test");
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(directory.resolve(FILE)));
    commands.clear();
    while (bytes.hasRemaining()) {
      commands.add(bytes.getLong());
    }
    mark = newMark;
    installs++;
    flush();
  }

  @Override
  public void leaderChanged(@Nullable NodeId leader, long term, boolean self) {
    leads = self;
  }

  @Override
  public synchronized void close() {
    closed = true;
  }
}
