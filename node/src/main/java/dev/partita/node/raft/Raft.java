package dev.partita.node.raft;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// One replica of one group: a state machine whose inputs are the methods called "event" below and
/// whose output is [#takeEffects]. A host calls any number of events and then takes the effects.
///
/// Times are the host's monotonic clock (`System.nanoTime()`), read when the event is handled,
/// never earlier. They decide about the lease and nothing else; timeouts are counted in ticks, so
/// that a process that slept does not wake up to an election.
public final class Raft {

  private final NodeId self;
  private final RaftSettings settings;
  private final Rules rules;
  private final RandomGenerator random;
  private final RaftLog log;
  private final Outbox outbox = new Outbox();
  private final Following following;

  private long term;
  private @Nullable NodeId vote;
  private HardState takenState;
  private long durableTerm;

  private Role role = Role.FOLLOWER;
  private @Nullable NodeId leader;
  private @Nullable Leadership leadership;
  private @Nullable Ballot ballot;

  private long nowNanos;
  private long heardNanos;
  private boolean heardSinceStart;
  private int electionElapsed;
  private int electionTimeout;
  private boolean quiesced;

  private final ArrayList<ConfirmedRead> confirmedReads = new ArrayList<>();
  private final ArrayList<Long> lostReads = new ArrayList<>();

  /// Starts a replica from what is on its disk.
  ///
  /// @param appliedIndex what the state machine holds already; not below the log's snapshot mark
  ///   and not above its end
  public Raft(
      NodeId self,
      RaftSettings settings,
      HardState hardState,
      LogView log,
      long appliedIndex,
      RandomGenerator random,
      long nowNanos) {
    this(self, settings, hardState, log, appliedIndex, random, nowNanos, Rules.SOUND);
  }

  Raft(
      NodeId self,
      RaftSettings settings,
      HardState hardState,
      LogView log,
      long appliedIndex,
      RandomGenerator random,
      long nowNanos,
      Rules rules) {
    this.self = self;
    this.settings = settings;
    this.rules = rules;
    this.random = random;
    this.log = new RaftLog(log, hardState.commitIndex(), appliedIndex, rules);
    following = new Following(self, rules, this.log, outbox);
    term = hardState.term();
    vote = hardState.vote();
    takenState = new HardState(term, vote, this.log.commitIndex());
    durableTerm = term;
    this.nowNanos = nowNanos;
    // Before the start this replica may have promised a leader to keep still; only before the first
    // election nobody could ask for that.
    heardNanos =
        term <= SnapshotMark.initialHardState().term()
            ? nowNanos - settings.electionTimeoutNanos()
            : nowNanos;
    electionTimeout = randomElectionTimeout();
  }

  // Events of time and elections

  /// Event: one tick of the host's timer has passed.
  public void tick(long nowNanos) {
    this.nowNanos = nowNanos;
    if (quiesced) {
      return;
    }
    if (leadership != null) {
      tickLeader(leadership);
    } else if (++electionElapsed >= electionTimeout && mayCampaign()) {
      preCampaign();
    }
  }

  private void tickLeader(Leadership leading) {
    if (!leading.tick(nowNanos)) {
      becomeFollower(term, null);
    } else if (leading.mayQuiesce()) {
      leading.sendQuiesce();
      quiesced = true;
    }
  }

  /// Event: start an election now, if this replica may. Speeds up the start of a new group.
  public void campaign(long nowNanos) {
    this.nowNanos = nowNanos;
    wake();
    if (leadership == null && mayCampaign()) {
      preCampaign();
    }
  }

  private boolean mayCampaign() {
    return isPromotable() && !mustKeepStill();
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

  private boolean mustKeepStill() {
    return rules.mustKeepStill(
        nowNanos, heardNanos, settings.electionTimeoutNanos(), heardSinceStart);
  }

  private void preCampaign() {
    role = Role.PRE_CANDIDATE;
    Ballot election = beginElection();
    for (NodeId voter : otherVoters()) {
      outbox.send(
          new Message.PreVoteRequest(self, voter, term + 1, log.lastIndex(), log.lastTerm()));
    }
    election.count(self, true);
    countVotes(election);
  }

  private void campaignForReal(boolean transfer) {
    role = Role.CANDIDATE;
    term++;
    vote = self;
    // The own vote counts when it is durable, like every other one.
    beginElection();
    for (NodeId voter : otherVoters()) {
      sendVote(
          new Message.VoteRequest(self, voter, term, log.lastIndex(), log.lastTerm(), transfer));
    }
  }

  private Ballot beginElection() {
    leader = null;
    electionElapsed = 0;
    electionTimeout = randomElectionTimeout();
    ballot = new Ballot(log.configuration(), rules);
    return ballot;
  }

  private List<NodeId> otherVoters() {
    Configuration configuration = log.configuration();
    return configuration.members().stream()
        .filter(node -> configuration.isVoter(node) && !node.equals(self))
        .toList();
  }

  private int randomElectionTimeout() {
    return settings.electionTicks() + random.nextInt(settings.electionTicks());
  }

  private void countVotes(Ballot election) {
    if (election.won()) {
      if (role == Role.PRE_CANDIDATE) {
        campaignForReal(false);
      } else {
        becomeLeader();
      }
    } else if (election.lost()) {
      becomeFollower(term, null);
    }
  }

  private void becomeLeader() {
    role = Role.LEADER;
    ballot = null;
    leader = self;
    electionElapsed = 0;
    leadership = new Leadership(self, term, settings, rules, log, outbox);
  }

  private void becomeFollower(long newTerm, @Nullable NodeId newLeader) {
    if (leadership != null) {
      lostReads.addAll(leadership.takeLostReads());
      leadership = null;
    }
    if (newTerm > term) {
      term = newTerm;
      vote = null;
    }
    if (role != Role.FOLLOWER || newLeader != null) {
      electionElapsed = 0;
      electionTimeout = randomElectionTimeout();
    }
    role = Role.FOLLOWER;
    leader = newLeader;
    quiesced = false;
    ballot = null;
  }

  // Messages

  /// Event: a message for this replica has come in.
  public void step(long nowNanos, Message message) {
    this.nowNanos = nowNanos;
    if (wakes(message)) {
      wake();
    }
    if (message.term() < term) {
      answerStale(message);
      return;
    }
    if (message.term() > term && !enterTerm(message)) {
      return;
    }
    switch (message) {
      case Message.PreVoteRequest request -> handlePreVote(request);
      case Message.PreVoteResponse response -> handlePreVoteResponse(response);
      case Message.VoteRequest request -> handleVote(request);
      case Message.VoteResponse response -> handleVoteResponse(response);
      case Message.AppendEntries append -> {
        hearLeader(append);
        following.append(append);
      }
      case Message.Heartbeat heartbeat -> {
        hearLeader(heartbeat);
        following.heartbeat(heartbeat, durableTerm == term);
      }
      case Message.InstallSnapshot install -> {
        hearLeader(install);
        following.install(install);
      }
      case Message.Quiesce quiesce -> {
        hearLeader(quiesce);
        quiesced = following.quiesce(quiesce);
      }
      case Message.TimeoutNow timeoutNow -> handleTimeoutNow(timeoutNow);
      case Message.AppendAccepted accepted -> {
        if (leadership != null) {
          leadership.appendAccepted(accepted);
          stepDownIfRemoved();
        }
      }
      case Message.AppendRejected rejected -> {
        if (leadership != null) {
          leadership.appendRejected(rejected);
        }
      }
      case Message.HeartbeatResponse response -> {
        if (leadership != null) {
          leadership.heartbeatAnswered(response);
          confirmedReads.addAll(leadership.takeConfirmedReads());
        }
      }
    }
  }

  /// Whether a message wakes a sleeping group. The answer to the last heartbeat before the sleep
  /// does not, but the refusal of a member that cannot sleep does.
  private static boolean wakes(Message message) {
    return switch (message) {
      case Message.Quiesce _ -> false;
      case Message.HeartbeatResponse response -> response.sentNanos() == Peer.NEVER;
      default -> true;
    };
  }

  /// Answers a message of an earlier term so that its sender learns the term, if it would act on
  /// it.
  private void answerStale(Message message) {
    switch (message) {
      case Message.AppendEntries _,
          Message.Heartbeat _,
          Message.InstallSnapshot _,
          Message.Quiesce _ ->
          outbox.send(new Message.HeartbeatResponse(self, message.from(), term, 0, Peer.NEVER));
      case Message.PreVoteRequest _ ->
          outbox.send(new Message.PreVoteResponse(self, message.from(), term, false));
      case Message.VoteRequest _,
          Message.PreVoteResponse _,
          Message.VoteResponse _,
          Message.AppendAccepted _,
          Message.AppendRejected _,
          Message.HeartbeatResponse _,
          Message.TimeoutNow _ -> {}
    }
  }

  /// Meets a term above the own one. Returns false when the message is not to be looked at.
  private boolean enterTerm(Message message) {
    switch (message) {
      case Message.PreVoteRequest _ -> {}
      case Message.PreVoteResponse response when response.granted() -> {}
      case Message.VoteRequest request -> {
        if (!request.transfer() && (leadership != null || mustKeepStill())) {
          return false;
        }
        becomeFollower(message.term(), null);
      }
      case Message.AppendEntries _,
          Message.Heartbeat _,
          Message.InstallSnapshot _,
          Message.Quiesce _ ->
          becomeFollower(message.term(), message.from());
      case Message.PreVoteResponse _,
          Message.VoteResponse _,
          Message.AppendAccepted _,
          Message.AppendRejected _,
          Message.HeartbeatResponse _,
          Message.TimeoutNow _ ->
          becomeFollower(message.term(), null);
    }
    return true;
  }

  private void handlePreVote(Message.PreVoteRequest request) {
    boolean granted =
        leadership == null
            && !mustKeepStill()
            && !log.snapshot().awaitsSnapshot()
            && rules.mayVote(request.term(), new HardState(term, vote, 0), request.from())
            && rules.upToDate(
                request.lastTerm(), request.lastIndex(), log.lastTerm(), log.lastIndex(), false);
    outbox.send(
        new Message.PreVoteResponse(
            self, request.from(), granted ? request.term() : term, granted));
  }

  private void handlePreVoteResponse(Message.PreVoteResponse response) {
    if (role == Role.PRE_CANDIDATE
        && ballot != null
        && (!response.granted() || response.term() == term + 1)) {
      ballot.count(response.from(), response.granted());
      countVotes(ballot);
    }
  }

  private void handleVote(Message.VoteRequest request) {
    boolean granted =
        (leader == null || request.from().equals(vote))
            && !log.snapshot().awaitsSnapshot()
            && rules.mayVote(request.term(), new HardState(term, vote, 0), request.from())
            && rules.upToDate(
                request.lastTerm(),
                request.lastIndex(),
                log.lastTerm(),
                log.lastIndex(),
                request.transfer());
    var response = new Message.VoteResponse(self, request.from(), term, granted);
    if (granted) {
      vote = request.from();
      electionElapsed = 0;
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

  private void handleVoteResponse(Message.VoteResponse response) {
    if (role == Role.CANDIDATE && ballot != null) {
      ballot.count(response.from(), response.granted());
      countVotes(ballot);
    }
  }

  private void handleTimeoutNow(Message.TimeoutNow timeoutNow) {
    if (leadership == null && timeoutNow.from().equals(leader) && isPromotable()) {
      campaignForReal(true);
    }
  }

  // Following

  private void hearLeader(Message message) {
    if (leadership != null) {
      throw new IllegalStateException(
          "two leaders in term " + term + ": " + self + " and " + message.from());
    }
    if (role != Role.FOLLOWER || leader == null) {
      becomeFollower(term, message.from());
    }
    electionElapsed = 0;
    heardNanos = nowNanos;
    heardSinceStart = true;
  }

  /// Event: the snapshot given out by [Effects#snapshot] is installed durably; [LogView#snapshot]
  /// is this mark and its log is empty.
  public void snapshotInstalled(SnapshotMark mark) {
    following.installed(mark, leader, term);
  }

  /// Event: the snapshot given out by [Effects#snapshot] could not be installed and nothing was
  /// changed; the leader will offer one again.
  public void snapshotAbandoned(SnapshotMark mark) {
    following.abandoned(mark);
  }

  // Leading

  /// Event: append commands to the log, in order and together.
  public ProposeResult propose(List<byte[]> commands) {
    if (leadership == null) {
      return new ProposeResult.NotLeader(leader);
    }
    wake();
    return leadership.propose(commands);
  }

  /// Event: change the members.
  public ChangeResult changeConfiguration(ConfigurationChange change) {
    if (leadership == null) {
      return new ChangeResult.NotLeader(leader);
    }
    wake();
    return leadership.changeConfiguration(change);
  }

  /// Event: hand leadership to `to`, a voter, as soon as it has the whole log. Given up after an
  /// election timeout.
  ///
  /// @return whether the transfer began: false when this replica does not lead or `to` is not
  ///   another voter
  public boolean transferLeadership(NodeId to) {
    wake();
    return leadership != null && leadership.transferTo(to);
  }

  /// Event: ask a quorum whether this replica still leads, for a read. Reads asked for between two
  /// [#takeEffects] share one round of heartbeats.
  ///
  /// @param contextId chosen by the host, comes back in the effects
  public ReadResult readIndex(long nowNanos, long contextId) {
    this.nowNanos = nowNanos;
    if (leadership == null) {
      return new ReadResult.NotLeader(leader);
    }
    wake();
    leadership.read(contextId);
    return new ReadResult.Waiting();
  }

  /// Whether a read may be served now without asking anybody, once [#commitIndex] is applied. True
  /// only for a leader that a quorum heard within the lease, that committed an entry in its term
  /// and that has not tried to hand over its leadership.
  public boolean leaseValid(long nowNanos) {
    return leadership != null && leadership.leaseValid(nowNanos);
  }

  /// Until when, by this node's clock, a read of whatever is applied sees every write that was
  /// answered before the read began; empty when the quorum has to be asked.
  ///
  /// That holds for a leader with a lease that has applied an entry of its own term: what earlier
  /// leaders answered lies before that entry, and its own answers follow their application. It
  /// stays true whatever happens later, except that the leader begins to hand over its leadership:
  /// so it is to be asked for again before messages leave.
  public OptionalLong appliedReadsUntilNanos(long nowNanos) {
    return leadership == null ? OptionalLong.empty() : leadership.appliedReadsUntilNanos(nowNanos);
  }

  private void stepDownIfRemoved() {
    if (leadership != null && leadership.removed()) {
      leadership.flush(nowNanos);
      leadership.nominateSuccessor();
      becomeFollower(term, null);
    }
  }

  /// Event: messages to `node` are being lost, so it is to be probed before more is sent.
  public void unreachable(NodeId node) {
    if (leadership != null) {
      leadership.unreachable(node);
    }
  }

  /// Event: the snapshot for `node` asked for by [Message.InstallSnapshot] was handed over, or
  /// could not be. Must follow each such message.
  public void snapshotSent(NodeId node, boolean success) {
    if (leadership != null) {
      leadership.snapshotSent(node, success);
    }
  }

  // Disk and state machine

  /// Event: the write of the effects with this [Effects#writeNumber] is durable, and so are all
  /// earlier ones. Called in order, for every effects with [Effects#sync] or for the last one of
  /// several that became durable together.
  public void persisted(long writeNumber) {
    long persistedTerm = log.finishWrites(writeNumber);
    durableTerm = Math.max(durableTerm, persistedTerm);
    if (leadership != null) {
      leadership.commitByQuorum();
      stepDownIfRemoved();
    } else if (role == Role.CANDIDATE && ballot != null && persistedTerm == term) {
      ballot.count(self, true);
      countVotes(ballot);
    }
  }

  /// Event: the state machine has applied everything up to `index`.
  public void applied(long index) {
    log.applied(index);
  }

  /// Event: the host has cut the log up to [LogView#snapshot], which is applied.
  public void compacted() {
    log.compacted();
  }

  // Sleep

  /// Whether the group sleeps: the host need not tick this replica while the node of its leader is
  /// alive. Any event but a tick wakes it.
  public boolean quiesced() {
    return quiesced;
  }

  /// Event: the node that leads this sleeping group is not alive, or somebody wants the group:
  /// count ticks again.
  public void wake() {
    if (quiesced) {
      quiesced = false;
      if (leadership != null) {
        leadership.woken();
      }
    }
  }

  // Effects

  /// Whether there is anything to take.
  public boolean hasEffects() {
    return !outbox.isEmpty()
        || log.hasUnwritten()
        || !currentState().equals(takenState)
        || following.hasSnapshotToTake()
        || (!following.isInstalling() && log.hasEntriesToApply(settings.applyBytesMax()))
        || !confirmedReads.isEmpty()
        || !lostReads.isEmpty()
        || (leadership != null && leadership.wantsFlush());
  }

  /// Everything to be done since the last call.
  public Effects takeEffects() {
    if (leadership != null) {
      leadership.flush(nowNanos);
      confirmedReads.addAll(leadership.takeConfirmedReads());
    }
    List<Entry> entries = log.takeUnwritten();
    HardState state = currentState();
    boolean stateChanged = !state.equals(takenState);
    boolean sync =
        !entries.isEmpty()
            || state.term() != takenState.term()
            || !Objects.equals(state.vote(), takenState.vote());
    long writeNumber =
        entries.isEmpty() && !stateChanged ? log.lastWriteNumber() : log.beginWrite(term);
    takenState = state;
    var effects =
        new Effects(
            stateChanged ? state : null,
            entries,
            sync,
            writeNumber,
            outbox.takeAtOnce(),
            outbox.takeAfterPersist(),
            following.isInstalling() ? List.of() : log.takeEntriesToApply(settings.applyBytesMax()),
            List.copyOf(confirmedReads),
            List.copyOf(lostReads),
            following.takeSnapshot(),
            term,
            role,
            leader);
    confirmedReads.clear();
    lostReads.clear();
    return effects;
  }

  private HardState currentState() {
    return new HardState(term, vote, log.commitIndex());
  }

  // State

  public NodeId self() {
    return self;
  }

  public Role role() {
    return role;
  }

  public @Nullable NodeId leader() {
    return leader;
  }

  public long term() {
    return term;
  }

  public long commitIndex() {
    return log.commitIndex();
  }

  public long appliedIndex() {
    return log.appliedIndex();
  }

  public long lastIndex() {
    return log.lastIndex();
  }

  /// The mark that the log begins with.
  public SnapshotMark snapshot() {
    return log.snapshot();
  }

  /// The term of the entry at `index`, which is between the snapshot mark and the last index.
  public long termAt(long index) {
    return log.term(index);
  }

  /// The newest configuration in the log, committed or not.
  public Configuration configuration() {
    return log.configuration();
  }

  /// The configuration in force at `index`, which is not below the snapshot mark: what belongs into
  /// the mark of a snapshot taken there.
  public Configuration configurationAt(long index) {
    return log.configurationAt(index);
  }

  /// What the leader knows of the other members; empty on other replicas.
  public List<PeerStatus> peers() {
    return leadership == null ? List.of() : leadership.status();
  }
}
