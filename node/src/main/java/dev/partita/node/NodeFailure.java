package dev.partita.node;

import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.HostListener;
import dev.partita.node.storage.StorageFailure;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The one thing that ends a node for good: what failed first. A replica that stopped alone does
/// not end it, unless it is that of the system partition, or the storage is what has failed.
final class NodeFailure implements HostListener {
  private static final Logger LOGGER = System.getLogger(NodeFailure.class.getName());

  /// Guarded by this.
  private @Nullable String reason;

  /// Guarded by this.
  private final List<Runnable> listeners = new ArrayList<>();

  synchronized Optional<String> reason() {
    return Optional.ofNullable(reason);
  }

  void listen(Runnable listener) {
    synchronized (this) {
      listeners.add(listener);
      if (reason == null) {
        return;
      }
    }
    listener.run();
  }

  void fail(String what) {
    List<Runnable> told;
    synchronized (this) {
      if (reason != null) {
        return;
      }
      reason = what;
      told = List.copyOf(listeners);
    }
    LOGGER.log(Level.ERROR, "The node cannot go on: {0}", what);
    told.forEach(Runnable::run);
  }

  @Override
  public void unknownGroup(GroupId group, NodeId from) {
    // The catalog says what belongs here; the replica keeper looks at it again by itself.
    LOGGER.log(Level.DEBUG, "Node {0} sends to group {1}, which is not here", from, group);
  }

  @Override
  public void replicaFailed(GroupId group, Throwable cause) {
    LOGGER.log(Level.ERROR, "The replica of group " + group + " has stopped", cause);
    if (group.equals(GroupId.SYSTEM) || isOfStorage(cause)) {
      fail("the replica of group " + group + " failed: " + cause);
    }
  }

  private static boolean isOfStorage(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof StorageFailure) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void failed(Throwable cause) {
    LOGGER.log(Level.ERROR, "The log has failed", cause);
    fail("the log failed: " + cause);
  }
}
