package dev.partita.node.raft;

import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// How a replica comes to another [Standing]: it counts the ticks without a leader, asks whether it
/// would be elected (Raft thesis, section 9.6), asks for votes, and votes for others. Who has heard
/// a leader keeps still for an election timeout: it neither campaigns nor votes, which is what the
/// leader's lease stands on.
final class Elections {

  private final NodeId self;
  private final Standing standing;
  private final RaftSettings settings;
  private final Rules rules;
  private final RandomGenerator random;
  private final RaftLog log;
  private final Following following;
  private final Outbox outbox;

  private @Nullable Ballot ballot;
  private long heardNanos;
  private boolean heardSinceStart;
  private int elapsedTicks;
  private int timeoutTicks;

  Elections(
      Standing standing,
      RaftSettings settings,
      Rules rules,
      RandomGenerator random,
      RaftLog log,
      Following following,
      Outbox outbox,
      boolean begun,
      long nowNanos) {
    this.self = standing.self();
    this.standing = standing;
    this.settings = settings;
    this.rules = rules;
    this.random = random;
    this.log = log;
    this.following = following;
    this.outbox = outbox;
    // Before the start this replica may have promised a leader to keep still; only before it was
    // begun, or before the first election, nobody could ask for that.
    heardNanos =
        begun || standing.term() <= SnapshotMark.initialHardState().term()
            ? nowNanos - settings.electionTimeoutNanos()
            : nowNanos;
    timeoutTicks = randomTimeoutTicks();
  }

  // Time

  /// A tick without being the leader.
  void tick(long nowNanos) {
    if (++elapsedTicks >= timeoutTicks && mayCampaign(nowNanos)) {
      preCampaign();
    }
  }

  void campaign(long nowNanos) {
    if (mayCampaign(nowNanos)) {
      preCampaign();
    }
  }

  /// A message of the leader of this term has come in.
  void hearLeader(Message message, long nowNanos) {
    if (standing.leadership() != null) {
      throw new IllegalStateException(
          "two leaders in term " + standing.term() + ": " + self + " and " + message.from());
    }
    if (standing.role() != Role.FOLLOWER || standing.leader() == null) {
      follow(standing.term(), message.from());
    }
    elapsedTicks = 0;
    heardNanos = nowNanos;
    heardSinceStart = true;
  }

  private boolean mayCampaign(long nowNanos) {
    return isPromotable() && !mustKeepStill(nowNanos);
  }

  private boolean isPromotable() {
    return !following.isInstalling() && (log.configuration().isVoter(self) || isVoterUntilCommit());
  }

  /// Whether the newest configuration has no vote for this replica, but may not be committed yet.
  /// Then it may be the only one whose log is long enough to commit it (Raft thesis, section
  /// 4.2.2).
  private boolean isVoterUntilCommit() {
    long index = log.configurationIndex();
    return index > log.commitIndex() && log.configurationAt(index - 1).isVoter(self);
  }

  private boolean mustKeepStill(long nowNanos) {
    return rules.mustKeepStill(
        nowNanos, heardNanos, settings.electionTimeoutNanos(), heardSinceStart);
  }

  private int randomTimeoutTicks() {
    return settings.electionTicks() + random.nextInt(settings.electionTicks());
  }

  private void restartTimeout() {
    elapsedTicks = 0;
    timeoutTicks = randomTimeoutTicks();
  }

  // Candidates

  private void preCampaign() {
    standing.preCampaign();
    Ballot election = beginElection();
    for (NodeId voter : otherVoters()) {
      outbox.send(
          new Message.PreVoteRequest(
              self, voter, standing.term() + 1, log.lastIndex(), log.lastTerm()));
    }
    election.count(self, true);
    countVotes(election);
  }

  private void campaignForReal(boolean transfer) {
    standing.campaign();
    // The own vote counts when it is durable, like every other one.
    beginElection();
    for (NodeId voter : otherVoters()) {
      sendVote(
          new Message.VoteRequest(
              self, voter, standing.term(), log.lastIndex(), log.lastTerm(), transfer));
    }
  }

  private Ballot beginElection() {
    restartTimeout();
    var election = new Ballot(log.configuration(), rules);
    ballot = election;
    return election;
  }

  private List<NodeId> otherVoters() {
    Configuration configuration = log.configuration();
    return configuration.members().stream()
        .filter(node -> configuration.isVoter(node) && !node.equals(self))
        .toList();
  }

  void handlePreVoteResponse(Message.PreVoteResponse response) {
    if (standing.role() == Role.PRE_CANDIDATE
        && ballot != null
        && (!response.granted() || response.term() == standing.term() + 1)) {
      ballot.count(response.from(), response.granted());
      countVotes(ballot);
    }
  }

  void handleVoteResponse(Message.VoteResponse response) {
    if (standing.role() == Role.CANDIDATE && ballot != null) {
      ballot.count(response.from(), response.granted());
      countVotes(ballot);
    }
  }

  /// The own term, and the vote in it, is durable.
  void termPersisted(long persistedTerm) {
    if (standing.role() == Role.CANDIDATE && ballot != null && persistedTerm == standing.term()) {
      ballot.count(self, true);
      countVotes(ballot);
    }
  }

  void handleTimeoutNow(Message.TimeoutNow timeoutNow) {
    if (standing.leadership() == null
        && timeoutNow.from().equals(standing.leader())
        && isPromotable()) {
      campaignForReal(true);
    }
  }

  private void countVotes(Ballot election) {
    if (election.won()) {
      if (standing.role() == Role.PRE_CANDIDATE) {
        campaignForReal(false);
      } else {
        lead();
      }
    } else if (election.lost()) {
      follow(standing.term(), null);
    }
  }

  private void lead() {
    lead(log.lastIndex() + 1);
  }

  /// @param ownIndex from which on the log is known to hold what is committed
  private void lead(long ownIndex) {
    ballot = null;
    elapsedTicks = 0;
    standing.lead(new Leadership(self, standing.term(), ownIndex, settings, rules, log, outbox));
  }

  /// Leads the term that the group begins with, if all members begin with their votes given to this
  /// replica. Nobody has led before, so nothing is committed behind the beginning, which is the
  /// same everywhere, and no members have been changed.
  void leadFirstTerm() {
    SnapshotMark beginning = log.snapshot();
    if (standing.term() == SnapshotMark.FIRST_TERM_INHERITED
        && standing.votedFor(self)
        && beginning.isInherited()
        && isPromotable()) {
      lead(beginning.index());
    }
  }

  /// Ends whatever this replica was, to follow.
  void follow(long term, @Nullable NodeId leader) {
    if (standing.role() != Role.FOLLOWER || leader != null) {
      restartTimeout();
    }
    ballot = null;
    standing.follow(term, leader);
  }

  // Voters

  /// Meets a term above the own one. Returns false when the message is not to be looked at.
  boolean enterTerm(Message message, long nowNanos) {
    switch (message) {
      case Message.PreVoteRequest _ -> {}
      case Message.PreVoteResponse response when response.granted() -> {}
      case Message.VoteRequest request -> {
        if (!request.transfer() && (standing.leadership() != null || mustKeepStill(nowNanos))) {
          return false;
        }
        follow(message.term(), null);
      }
      case Message.AppendEntries _,
          Message.Heartbeat _,
          Message.InstallSnapshot _,
          Message.Quiesce _ ->
          follow(message.term(), message.from());
      case Message.PreVoteResponse _,
          Message.VoteResponse _,
          Message.AppendAccepted _,
          Message.AppendRejected _,
          Message.HeartbeatResponse _,
          Message.TimeoutNow _ ->
          follow(message.term(), null);
    }
    return true;
  }

  void handlePreVote(Message.PreVoteRequest request, long nowNanos) {
    boolean granted =
        standing.leadership() == null
            && !mustKeepStill(nowNanos)
            && !log.snapshot().awaitsSnapshot()
            && rules.mayVote(request.term(), standing.hardState(0), request.from())
            && rules.upToDate(
                request.lastTerm(), request.lastIndex(), log.lastTerm(), log.lastIndex(), false);
    outbox.send(
        new Message.PreVoteResponse(
            self, request.from(), granted ? request.term() : standing.term(), granted));
  }

  void handleVote(Message.VoteRequest request) {
    boolean granted =
        (standing.leader() == null || standing.votedFor(request.from()))
            && !log.snapshot().awaitsSnapshot()
            && rules.mayVote(request.term(), standing.hardState(0), request.from())
            && rules.upToDate(
                request.lastTerm(),
                request.lastIndex(),
                log.lastTerm(),
                log.lastIndex(),
                request.transfer());
    var response = new Message.VoteResponse(self, request.from(), standing.term(), granted);
    if (granted) {
      standing.voteFor(request.from());
      elapsedTicks = 0;
      sendVote(response);
    } else {
      outbox.send(response);
    }
  }

  private void sendVote(Message message) {
    if (rules.voteWaitsForDisk()) {
      outbox.sendAfterPersist(message);
    } else {
      outbox.send(message);
    }
  }
}
