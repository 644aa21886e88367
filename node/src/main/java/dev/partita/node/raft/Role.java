package dev.partita.node.raft;

/// The part a replica plays in the current term. A learner is a follower that is not a voter.
public enum Role {
  FOLLOWER,
  /// Asks whether an election could be won, without raising its term (Raft thesis, section 9.6).
  PRE_CANDIDATE,
  CANDIDATE,
  LEADER
}
