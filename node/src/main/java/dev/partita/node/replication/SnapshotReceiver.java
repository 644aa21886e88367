package dev.partita.node.replication;

import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Receives snapshots into temporary directories and hands the complete ones to their replicas.
/// Thread-safe; file work runs on the runtime's threads for it.
final class SnapshotReceiver {
  private static final byte[] ACCEPTED = {SnapshotWire.ACCEPTED};
  private static final byte[] REFUSED = {SnapshotWire.REFUSED};

  /// One snapshot that is coming in. Guarded by itself.
  private static final class Session {
    final NodeId from;
    final SnapshotWire.Begin begin;
    final Path directory;
    int file;
    long offset;
    long touchedNanos;
    boolean ended;

    Session(NodeId from, SnapshotWire.Begin begin, Path directory) {
      this.from = from;
      this.begin = begin;
      this.directory = directory;
    }

    void skipFinishedFiles() {
      while (file < begin.files().size() && offset == begin.files().get(file).sizeBytes()) {
        file++;
        offset = 0;
      }
    }
  }

  private final SnapshotSettings settings;
  private final NodeId self;
  private final HostRuntime runtime;
  private final Path root;
  private final Function<GroupId, @Nullable Replica> replicas;
  private final Map<Long, Session> sessions = new ConcurrentHashMap<>();

  SnapshotReceiver(
      SnapshotSettings settings,
      NodeId self,
      HostRuntime runtime,
      Path root,
      Function<GroupId, @Nullable Replica> replicas) {
    this.settings = settings;
    this.self = self;
    this.runtime = runtime;
    this.root = root;
    this.replicas = replicas;
  }

  /// Answers a request of a sender.
  CompletableFuture<byte[]> handle(NodeId from, byte[] request) {
    var answer = new CompletableFuture<byte[]>();
    runtime
        .io()
        .execute(() -> {
          try {
            handleNow(from, SnapshotWire.decode(request), answer);
          } catch (IOException | RuntimeException e) {
            answer.completeExceptionally(e);
          }
        });
    return answer;
  }

  private void handleNow(
      NodeId from, SnapshotWire.Request request, CompletableFuture<byte[]> answer)
      throws IOException {
    if (request instanceof SnapshotWire.Begin begin) {
      answer.complete(begin(from, begin) ? ACCEPTED : REFUSED);
      return;
    }
    Session session = sessions.get(request.session());
    if (session == null || !session.from.equals(from)) {
      answer.complete(REFUSED);
      return;
    }
    synchronized (session) {
      session.touchedNanos = now();
      if (request instanceof SnapshotWire.Chunk chunk) {
        answer.complete(take(session, chunk) ? ACCEPTED : REFUSED);
      } else {
        end(session, answer);
      }
    }
  }

  private synchronized boolean begin(NodeId from, SnapshotWire.Begin begin) throws IOException {
    forgetSilent();
    boolean wanted =
        begin.message().from().equals(from)
            && begin.message().to().equals(self)
            && replicas.apply(begin.group()) != null;
    // A leader that begins anew has given up what it had begun.
    sessions.values().removeIf(other -> isReplacedBy(other, from, begin) && forget(other));
    if (!wanted || sessions.size() >= settings.incomingMax()) {
      return false;
    }
    Path directory = root.resolve("in-" + Long.toUnsignedString(begin.session()));
    SnapshotFiles.delete(directory);
    Files.createDirectories(directory);
    for (SnapshotWire.FileEntry file : begin.files()) {
      Files.createFile(directory.resolve(file.name()));
    }
    var session = new Session(from, begin, directory);
    session.touchedNanos = now();
    session.skipFinishedFiles();
    sessions.put(begin.session(), session);
    return true;
  }

  private static boolean isReplacedBy(Session other, NodeId from, SnapshotWire.Begin begin) {
    return other.from.equals(from) && other.begin.group().equals(begin.group());
  }

  private void forgetSilent() {
    long silentNanos = 2 * settings.chunkTimeout().toNanos();
    sessions.values().removeIf(other -> now() - other.touchedNanos > silentNanos && forget(other));
  }

  private static boolean forget(Session session) {
    synchronized (session) {
      if (session.ended) {
        return false;
      }
      SnapshotFiles.delete(session.directory);
      return true;
    }
  }

  private static boolean take(Session session, SnapshotWire.Chunk chunk) throws IOException {
    boolean next =
        !session.ended
            && chunk.file() == session.file
            && chunk.file() < session.begin.files().size()
            && chunk.offset() == session.offset;
    if (!next) {
      return false;
    }
    SnapshotWire.FileEntry file = session.begin.files().get(session.file);
    int length = chunk.data().remaining();
    if (length == 0 || length > file.sizeBytes() - session.offset) {
      return false;
    }
    ByteBuffer data = chunk.data().duplicate();
    try (FileChannel channel =
        FileChannel.open(session.directory.resolve(file.name()), StandardOpenOption.WRITE)) {
      long position = session.offset;
      while (data.hasRemaining()) {
        position += channel.write(data, position);
      }
    }
    session.offset += length;
    session.skipFinishedFiles();
    return true;
  }

  private void end(Session session, CompletableFuture<byte[]> answer) {
    Replica replica = replicas.apply(session.begin.group());
    boolean complete = !session.ended && session.file == session.begin.files().size();
    if (replica == null || !complete) {
      answer.complete(REFUSED);
      return;
    }
    session.ended = true;
    replica
        .snapshots()
        .arrived(
            session.begin.message(),
            session.directory,
            taken -> {
              answer.complete(taken ? ACCEPTED : REFUSED);
              sessions.remove(session.begin.session());
              runtime.io().execute(() -> SnapshotFiles.delete(session.directory));
            });
  }

  private long now() {
    return runtime.monotonicNanos().getAsLong();
  }
}
