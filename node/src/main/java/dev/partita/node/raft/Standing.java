package dev.partita.node.raft;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What one replica is: its term, whom it voted for in it, who leads it, and what it does itself.
/// While it leads there is a [Leadership], otherwise there is none.
final class Standing {

  private final NodeId self;
  private long term;
  private @Nullable NodeId vote;
  private Role role = Role.FOLLOWER;
  private @Nullable NodeId leader;
  private @Nullable Leadership leadership;
  private boolean quiesced;
  private final ArrayList<Long> lostReads = new ArrayList<>();

  Standing(NodeId self, HardState state) {
    this.self = self;
    term = state.term();
    vote = state.vote();
  }

  NodeId self() {
    return self;
  }

  long term() {
    return term;
  }

  Role role() {
    return role;
  }

  @Nullable NodeId leader() {
    return leader;
  }

  @Nullable Leadership leadership() {
    return leadership;
  }

  HardState hardState(long commitIndex) {
    return new HardState(term, vote, commitIndex);
  }

  /// Contexts of the reads that were lost with leaderships since the last call.
  List<Long> takeLostReads() {
    List<Long> taken = List.copyOf(lostReads);
    lostReads.clear();
    return taken;
  }

  boolean hasLostReads() {
    return !lostReads.isEmpty();
  }

  // Transitions

  /// @param newTerm not below the present one
  void follow(long newTerm, @Nullable NodeId newLeader) {
    if (leadership != null) {
      lostReads.addAll(leadership.takeLostReads());
      leadership = null;
    }
    if (newTerm > term) {
      term = newTerm;
      vote = null;
    }
    role = Role.FOLLOWER;
    leader = newLeader;
    quiesced = false;
  }

  void preCampaign() {
    role = Role.PRE_CANDIDATE;
    leader = null;
  }

  /// Enters the next term with a vote for itself.
  void campaign() {
    role = Role.CANDIDATE;
    leader = null;
    term++;
    vote = self;
  }

  void lead(Leadership won) {
    role = Role.LEADER;
    leader = self;
    leadership = won;
  }

  void voteFor(NodeId candidate) {
    vote = candidate;
  }

  boolean votedFor(NodeId candidate) {
    return candidate.equals(vote);
  }

  // Sleep

  boolean quiesced() {
    return quiesced;
  }

  void quiesce(boolean sleeps) {
    quiesced = sleeps;
  }

  void wake() {
    if (quiesced) {
      quiesced = false;
      if (leadership != null) {
        leadership.woken();
      }
    }
  }
}
