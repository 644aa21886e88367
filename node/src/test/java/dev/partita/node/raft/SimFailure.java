package dev.partita.node.raft;

/// A promise of Raft that a simulation has seen broken.
final class SimFailure extends RuntimeException {

  private static final long serialVersionUID = 1;

  /// Which promise.
  enum Check {
    /// Two leaders in one term.
    ELECTION_SAFETY,
    /// Two different entries, or two different predecessors, at one term and index.
    LOG_MATCHING,
    /// A leader lacks an entry that was committed before.
    LEADER_COMPLETENESS,
    /// Two replicas committed or applied different things at one index.
    STATE_MACHINE_SAFETY,
    /// What the clients saw fits no order of their operations.
    LINEARIZABILITY,
    /// After all faults were healed nothing moved on.
    PROGRESS,
    /// The core itself found its state impossible.
    ASSERTION
  }

  private final Check check;

  SimFailure(Check check, String message) {
    super(check + ": " + message);
    this.check = check;
  }

  SimFailure(Check check, Throwable cause) {
    super(check + ": " + cause.getMessage(), cause);
    this.check = check;
  }

  Check check() {
    return check;
  }
}
