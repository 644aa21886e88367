package dev.partita.node.replication;

import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.Message;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Messages for groups that this node does not have yet. When a group makes others, as a split
/// does, its members make them one after the other, and the first one speaks to those that are not
/// there; what it says would be said again with the next heartbeat only. To the core a message that
/// was kept is one that was slow. Owned by the lane.
final class EarlyMessages {

  /// Longer than it takes a member to follow; not so long that anybody still believes in it.
  private static final long KEPT_NANOS = TimeUnit.SECONDS.toNanos(1);

  /// A leader's first words are a handful. What exceeds this is for groups that are gone.
  private static final int MESSAGES_MAX = 1_000;

  private static final long BYTES_MAX = 4 << 20;

  private record Early(HostFrame.GroupMessage message, int sizeBytes, long atNanos) {}

  private final ArrayDeque<Early> kept = new ArrayDeque<>();
  private long keptBytes;

  /// Keeps a message for a while; the oldest ones make room for it.
  void keep(HostFrame.GroupMessage message, long nowNanos) {
    forgetOld(nowNanos);
    int size = message.sizeBytes();
    kept.add(new Early(message, size, nowNanos));
    keptBytes += size;
    while (kept.size() > MESSAGES_MAX || keptBytes > BYTES_MAX) {
      forgetFirst();
    }
  }

  /// The messages for a group that is there now, in their order.
  List<Message> take(GroupId group, long nowNanos) {
    forgetOld(nowNanos);
    var taken = new ArrayList<Message>();
    kept.removeIf(early -> {
      boolean wanted = early.message().group().equals(group);
      if (wanted) {
        taken.add(early.message().message());
        keptBytes -= early.sizeBytes();
      }
      return wanted;
    });
    return taken;
  }

  private void forgetOld(long nowNanos) {
    while (!kept.isEmpty() && nowNanos - kept.element().atNanos() > KEPT_NANOS) {
      forgetFirst();
    }
  }

  private void forgetFirst() {
    keptBytes -= kept.remove().sizeBytes();
  }
}
