package dev.partita.node.raft;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/// Mistakes that implementations of Raft have made, one at a time, each as the one rule of [Rules]
/// that it breaks. They exist to show that the simulation would notice.
enum PlantedBug {
  VOTE_TOLD_BEFORE_IT_IS_DURABLE(
      SimProfile.Focus.ELECTIONS,
      new Rules() {
        @Override
        boolean voteWaitsForDisk() {
          return false;
        }
      }),

  TWO_VOTES_IN_A_TERM(
      SimProfile.Focus.ELECTIONS,
      new Rules() {
        @Override
        boolean mayVote(long term, HardState state, NodeId candidate) {
          return true;
        }
      }),

  VOTE_FOR_A_STALE_LOG(
      SimProfile.Focus.LEFTOVERS,
      new Rules() {
        @Override
        boolean upToDate(
            long candidateTerm,
            long candidateIndex,
            long ownTerm,
            long ownIndex,
            boolean transfer) {
          return true;
        }
      }),

  /// Compares the ends of logs by length alone.
  VOTE_FOR_THE_LONGER_LOG(
      SimProfile.Focus.LEFTOVERS,
      new Rules() {
        @Override
        boolean upToDate(
            long candidateTerm,
            long candidateIndex,
            long ownTerm,
            long ownIndex,
            boolean transfer) {
          return candidateIndex >= ownIndex;
        }
      }),

  TRANSFER_WINS_WITH_A_STALE_LOG(
      SimProfile.Focus.ELECTIONS,
      new Rules() {
        @Override
        boolean upToDate(
            long candidateTerm,
            long candidateIndex,
            long ownTerm,
            long ownIndex,
            boolean transfer) {
          return transfer
              || super.upToDate(candidateTerm, candidateIndex, ownTerm, ownIndex, false);
        }

        @Override
        boolean transferWaitsForLog() {
          return false;
        }
      }),

  APPEND_ACKNOWLEDGED_BEFORE_IT_IS_DURABLE(
      SimProfile.Focus.LEFTOVERS,
      new Rules() {
        @Override
        boolean appendResponseWaitsForDisk() {
          return false;
        }
      }),

  /// An earlier write's end passes for the end of a later one at the same index.
  REPLACED_WRITE_COUNTS(
      SimProfile.Focus.LEFTOVERS,
      new Rules() {
        @Override
        boolean truncationVoidsPendingWrites() {
          return false;
        }
      }),

  OLD_TERM_COMMITTED_BY_COUNTING(
      SimProfile.Focus.LEFTOVERS,
      120,
      new Rules() {
        @Override
        boolean mayCommit(long entryTerm, long currentTerm) {
          return true;
        }
      }),

  /// The leader that a group begins with leads its first term again after a crash that its disk
  /// knows nothing of.
  FIRST_TERM_LED_TWICE(
      SimProfile.Focus.BEGINNINGS,
      new Rules() {
        @Override
        boolean mayLeadFirstTerm(boolean begun) {
          return true;
        }
      }),

  LEARNER_COUNTS(
      SimProfile.Focus.MEMBERS,
      new Rules() {
        @Override
        long quorumIndex(Configuration configuration, ToLongFunction<NodeId> matchIndex) {
          return Configuration.of(configuration.members(), Set.of()).quorumValue(matchIndex);
        }
      }),

  JOINT_QUORUM_IS_A_MAJORITY_OF_ALL(
      SimProfile.Focus.MEMBERS,
      60,
      new Rules() {
        private static Configuration union(Configuration configuration) {
          var voters = new TreeSet<>(configuration.voters());
          voters.addAll(configuration.outgoingVoters());
          return Configuration.of(voters, Set.of());
        }

        @Override
        long quorumIndex(Configuration configuration, ToLongFunction<NodeId> matchIndex) {
          return union(configuration).quorumValue(matchIndex);
        }

        @Override
        boolean isQuorum(Configuration configuration, Predicate<NodeId> yes) {
          return union(configuration).isQuorum(yes);
        }
      }),

  OLD_APPEND_TRUNCATES(
      SimProfile.Focus.LEFTOVERS,
      new Rules() {
        @Override
        int entriesToSkip(RaftLog log, List<Entry> entries) {
          return 0;
        }
      }),

  HEARTBEAT_COMMITS_WHAT_THE_LEADER_HAS(
      SimProfile.Focus.LEFTOVERS,
      new Rules() {
        @Override
        long heartbeatCommitIndex(long commitIndex, long matchIndex) {
          return commitIndex;
        }
      }),

  TAIL_KEPT_AFTER_SNAPSHOT_CONFLICT(
      SimProfile.Focus.SNAPSHOTS,
      new Rules() {
        @Override
        boolean logCovers(RaftLog log, SnapshotMark mark) {
          return mark.index() <= log.lastIndex();
        }
      }),

  /// Who has not committed in its term has not heard from a quorum either, and would still be held
  /// back by that.
  CHANGE_BEFORE_A_COMMIT_IN_THE_TERM(
      SimProfile.Focus.MEMBERS,
      130,
      new Rules() {
        @Override
        boolean mayDependOn(Configuration next, Predicate<NodeId> ready) {
          return true;
        }

        @Override
        boolean mayChangeConfiguration(boolean committedInTerm) {
          return true;
        }
      }),

  TWO_CHANGES_AT_ONCE(
      SimProfile.Focus.MEMBERS,
      new Rules() {
        @Override
        boolean mayChangeConfiguration(long configurationIndex, boolean joint, long commitIndex) {
          return !joint;
        }
      }),

  TRUNCATED_CONFIGURATION_STAYS(
      SimProfile.Focus.MEMBERS,
      385,
      new Rules() {
        @Override
        boolean truncationUndoesConfiguration() {
          return false;
        }
      }),

  READ_WITHOUT_ASKING(
      SimProfile.Focus.LEASES,
      new Rules() {
        @Override
        boolean readNeedsQuorum() {
          return false;
        }
      }),

  READ_BEFORE_A_COMMIT_IN_THE_TERM(
      SimProfile.Focus.LEASES,
      new Rules() {
        @Override
        boolean readsWaitForCommit(boolean committedInTerm) {
          return false;
        }
      }),

  /// Trusts that a deposed leader has noticed, as one that counts ticks does after a pause.
  LEASE_AFTER_A_PAUSE(
      SimProfile.Focus.LEASES,
      new Rules() {
        @Override
        boolean leaseHolds(long nowNanos, long startNanos, long leaseNanos) {
          return true;
        }
      }),

  /// Serves what is applied before everything is that earlier leaders have answered.
  LEASE_BEFORE_AN_ENTRY_OF_THE_TERM_IS_APPLIED(
      SimProfile.Focus.LEASES,
      1400,
      new Rules() {
        @Override
        boolean appliedReadsWait(long appliedIndex, long firstIndexOfTerm) {
          return false;
        }
      }),

  LEASE_DURING_TRANSFER(
      SimProfile.Focus.LEASES,
      130,
      new Rules() {
        @Override
        boolean leaseEndsWithTransfer() {
          return false;
        }
      }),

  /// Forgets at a restart that it had promised a leader to keep still.
  LEASE_FORGOTTEN_BY_RESTART(
      SimProfile.Focus.LEASES,
      new Rules() {
        @Override
        boolean mustKeepStill(
            long nowNanos, long heardNanos, long electionTimeoutNanos, boolean heardSinceStart) {
          return heardSinceStart
              && super.mustKeepStill(nowNanos, heardNanos, electionTimeoutNanos, true);
        }
      });

  private final SimProfile.Focus focus;
  private final long firstSeed;

  @SuppressWarnings("ImmutableEnumChecker") // rules have no state
  private final Rules rules;

  PlantedBug(SimProfile.Focus focus, Rules rules) {
    this(focus, 1, rules);
  }

  PlantedBug(SimProfile.Focus focus, long firstSeed, Rules rules) {
    this.firstSeed = firstSeed;
    this.focus = focus;
    this.rules = rules;
  }

  /// Where to begin to look, so that a bug that few seeds meet is found soon.
  long firstSeed() {
    return firstSeed;
  }

  /// The kind of runs that are likely to meet the bug.
  SimProfile.Focus focus() {
    return focus;
  }

  Rules rules() {
    return rules;
  }
}
