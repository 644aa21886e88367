package dev.partita.node.replication;

import dev.partita.node.raft.ChangeResult;
import dev.partita.node.raft.NodeId;
import org.jspecify.annotations.Nullable;

/// Why a request to a group was not fulfilled. Futures of [ReplicationGroup] fail with one of these
/// only.
public abstract sealed class ReplicationRefusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private ReplicationRefusal(String message) {
    // An expected answer, not a fault: no stack trace.
    super(message, null, false, false);
  }

  /// This replica does not lead; nothing happened.
  public static final class NotLeader extends ReplicationRefusal {
    private static final long serialVersionUID = 1L;
    private final transient @Nullable NodeId leader;

    public NotLeader(@Nullable NodeId leader) {
      super("This replica does not lead its group");
      this.leader = leader;
    }

    /// Who leads, if known.
    public @Nullable NodeId leader() {
      return leader;
    }
  }

  /// A queue is full, or leadership is being handed over; nothing happened. Try again later.
  public static final class Overloaded extends ReplicationRefusal {
    private static final long serialVersionUID = 1L;

    public Overloaded() {
      super("Too much is waiting to be replicated");
    }
  }

  /// Leadership was lost, or the replica was stopped, after the request reached the log: it may
  /// still be committed.
  public static final class OutcomeUnknown extends ReplicationRefusal {
    private static final long serialVersionUID = 1L;

    public OutcomeUnknown() {
      super("Leadership was lost before the outcome was known");
    }
  }

  /// The replica is closed, removed or has failed; nothing happened.
  public static final class Stopped extends ReplicationRefusal {
    private static final long serialVersionUID = 1L;

    public Stopped() {
      super("The replica has stopped");
    }
  }

  /// The leader does not take a change of the members now; nothing happened.
  public static final class ChangeRefused extends ReplicationRefusal {
    private static final long serialVersionUID = 1L;
    private final ChangeResult.Reason reason;

    public ChangeRefused(ChangeResult.Reason reason) {
      super("The leader does not take this change of the members");
      this.reason = reason;
    }

    public ChangeResult.Reason reason() {
      return reason;
    }
  }

  /// Leadership could not be handed over in time; the group goes on, led by whom it elects.
  public static final class TransferFailed extends ReplicationRefusal {
    private static final long serialVersionUID = 1L;

    public TransferFailed() {
      super("Leadership was not handed over");
    }
  }
}
