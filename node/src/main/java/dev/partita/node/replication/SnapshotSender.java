package dev.partita.node.replication;

import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.Message;
import dev.partita.node.raft.NodeId;
import dev.partita.node.transport.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/// Sends snapshots: has the state machine write its files, then sends them chunk by chunk, no
/// faster than the throttle allows, a few snapshots at a time. Whatever happens, the core of the
/// leader is told how it ended, see [Replica#snapshotSent]. Thread-safe.
final class SnapshotSender {
  /// How long a leader waits that wants to send a snapshot when enough of them are under way, or
  /// after one that failed.
  private static final Duration PAUSE = Duration.ofMillis(500);

  private static final double NANOS_PER_SECOND = 1e9;

  private record Transfer(GroupId group, NodeId to) {}

  private final SnapshotSettings settings;
  private final Transport transport;
  private final HostRuntime runtime;
  private final Path root;
  private final Set<Transfer> transfers = ConcurrentHashMap.newKeySet();
  private final AtomicLong nextNumber = new AtomicLong();
  private final LongAdder delivered = new LongAdder();
  private final LongAdder sentBytes = new LongAdder();
  private final long firstSession;
  private long nextChunkNanos;

  /// @param root where the state machines write their files
  SnapshotSender(
      SnapshotSettings settings,
      Transport transport,
      HostRuntime runtime,
      Path root,
      long firstSession) {
    this.settings = settings;
    this.transport = transport;
    this.runtime = runtime;
    this.root = root;
    this.firstSession = firstSession;
    this.nextChunkNanos = runtime.monotonicNanos().getAsLong();
  }

  /// Snapshots on their way.
  int active() {
    return transfers.size();
  }

  /// Snapshots that were sent and taken.
  long delivered() {
    return delivered.sum();
  }

  /// Bytes sent of snapshots, of those too that were not taken in the end.
  long sentBytes() {
    return sentBytes.sum();
  }

  /// Begins to send a snapshot. Called by the replica's lane.
  void send(Replica replica, Message.InstallSnapshot request) {
    var transfer = new Transfer(replica.id(), request.to());
    if (transfers.size() >= settings.outgoingMax() || !transfers.add(transfer)) {
      runtime.timer().schedule(PAUSE, () -> replica.snapshotSent(request.to(), false));
      return;
    }
    long number = nextNumber.incrementAndGet();
    Path directory = root.resolve("out-" + replica.id() + "-" + number);
    var _ =
        replica
            .snapshots()
            .open()
            .thenApplyAsync(opened -> write(opened, directory), runtime.io())
            .thenCompose(opened -> stream(replica, request, opened, directory, number))
            .handle((_, failure) -> {
              runtime.io().execute(() -> SnapshotFiles.delete(directory));
              transfers.remove(transfer);
              boolean success = failure == null;
              Duration pause = success ? Duration.ZERO : PAUSE;
              runtime.timer().schedule(pause, () -> replica.snapshotSent(request.to(), success));
              return null;
            });
  }

  private static Snapshots.Opened write(Snapshots.Opened opened, Path directory) {
    try (SnapshotSource source = opened.source()) {
      Files.createDirectories(directory);
      source.writeTo(directory);
      return opened;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private CompletableFuture<Void> stream(
      Replica replica,
      Message.InstallSnapshot request,
      Snapshots.Opened opened,
      Path directory,
      long number) {
    long session = firstSession + number;
    List<SnapshotWire.FileEntry> files = list(directory);
    var begin =
        new SnapshotWire.Begin(session, replica.id(), files, request.withMark(opened.mark()));
    NodeId to = request.to();
    return call(to, SnapshotWire.encode(begin))
        .thenComposeAsync(
            _ -> sendFrom(new Position(to, session, directory, files, 0, 0).skipEmpty()),
            runtime.io());
  }

  private static List<SnapshotWire.FileEntry> list(Path directory) {
    try (Stream<Path> paths = Files.list(directory)) {
      var files = new ArrayList<SnapshotWire.FileEntry>();
      for (Path path : paths.sorted().toList()) {
        files.add(new SnapshotWire.FileEntry(String.valueOf(path.getFileName()), Files.size(path)));
      }
      return files;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// How far a snapshot is sent.
  private record Position(
      NodeId to,
      long session,
      Path directory,
      List<SnapshotWire.FileEntry> files,
      int file,
      long offset) {
    boolean atEnd() {
      return file == files.size();
    }

    Position after(int bytes) {
      return new Position(to, session, directory, files, file, offset + bytes).skipEmpty();
    }

    /// Moves to the next file that has something left.
    Position skipEmpty() {
      int next = file;
      long nextOffset = offset;
      while (next < files.size() && nextOffset == files.get(next).sizeBytes()) {
        next++;
        nextOffset = 0;
      }
      return new Position(to, session, directory, files, next, nextOffset);
    }
  }

  private CompletableFuture<Void> sendFrom(Position position) {
    if (position.atEnd()) {
      var end = new SnapshotWire.End(position.session());
      return call(position.to(), SnapshotWire.encode(end)).thenAccept(_ -> delivered.increment());
    }
    ByteBuffer data = read(position);
    int length = data.remaining();
    var chunk =
        new SnapshotWire.Chunk(position.session(), position.file(), position.offset(), data);
    return pace(length)
        .thenCompose(_ -> call(position.to(), SnapshotWire.encode(chunk)))
        .thenComposeAsync(
            _ -> {
              sentBytes.add(length);
              return sendFrom(position.after(length));
            },
            runtime.io());
  }

  private ByteBuffer read(Position position) {
    SnapshotWire.FileEntry file = position.files().get(position.file());
    int length = (int) Math.min(settings.chunkBytes(), file.sizeBytes() - position.offset());
    var data = ByteBuffer.allocate(length);
    try (FileChannel channel =
        FileChannel.open(position.directory().resolve(file.name()), StandardOpenOption.READ)) {
      while (data.hasRemaining() && channel.read(data, position.offset() + data.position()) >= 0) {}
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (data.hasRemaining()) {
      throw new IllegalStateException("A file of a snapshot has become shorter");
    }
    return data.flip();
  }

  private CompletableFuture<byte[]> call(NodeId to, byte[] request) {
    return transport
        .call(to, SnapshotWire.SERVICE, request, settings.chunkTimeout())
        .thenApply(response -> {
          if (response.length != 1 || response[0] != SnapshotWire.ACCEPTED) {
            throw new IllegalStateException("The peer does not take the snapshot");
          }
          return response;
        });
  }

  /// Waits until so many bytes may be sent.
  private CompletableFuture<Void> pace(int bytes) {
    long delayNanos;
    synchronized (this) {
      long now = runtime.monotonicNanos().getAsLong();
      long start = Math.max(now, nextChunkNanos);
      nextChunkNanos = start + (long) (bytes * NANOS_PER_SECOND / settings.bytesPerSecond());
      delayNanos = start - now;
    }
    var waited = new CompletableFuture<Void>();
    if (delayNanos <= 0) {
      waited.complete(null);
    } else {
      runtime.timer().schedule(Duration.ofNanos(delayNanos), () -> waited.complete(null));
    }
    return waited;
  }
}
