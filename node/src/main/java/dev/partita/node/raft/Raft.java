package dev.partita.node.raft;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// One replica of one group: a state machine whose inputs are the methods called "event" below and
/// whose output is [#takeEffects]. A host calls any number of events and then takes the effects.
///
/// Times are the host's monotonic clock (`System.nanoTime()`), read when the event is handled,
/// never earlier. They decide about the lease and nothing else; timeouts are counted in ticks, so
/// that a process that slept does not wake up to an election.
public final class Raft {

  private final RaftSettings settings;
  private final RaftLog log;
  private final Outbox outbox = new Outbox();
  private final Standing standing;
  private final Following following;
  private final Elections elections;
  private final ArrayList<ConfirmedRead> confirmedReads = new ArrayList<>();
  private HardState takenState;
  private long durableTerm;
  private long nowNanos;

  /// Starts a replica from what is on its disk. It leads at once if it is the one that its group
  /// begins with, see [SnapshotMark#inheritedHardState].
  ///
  /// @param begun whether the hard state and the beginning of the log have just been written
  ///   durably, and nothing was there before: so this replica has told nobody anything yet
  /// @param appliedIndex what the state machine holds already; not below the log's snapshot mark
  ///   and not above its end
  public Raft(
      NodeId self,
      RaftSettings settings,
      HardState hardState,
      LogView log,
      boolean begun,
      long appliedIndex,
      RandomGenerator random,
      long nowNanos) {
    this(self, settings, hardState, log, begun, appliedIndex, random, nowNanos, Rules.SOUND);
  }

  Raft(
      NodeId self,
      RaftSettings settings,
      HardState hardState,
      LogView log,
      boolean begun,
      long appliedIndex,
      RandomGenerator random,
      long nowNanos,
      Rules rules) {
    this.settings = settings;
    this.nowNanos = nowNanos;
    this.log = new RaftLog(log, hardState.commitIndex(), appliedIndex, rules);
    standing = new Standing(self, hardState);
    takenState = standing.hardState(this.log.commitIndex());
    durableTerm = standing.term();
    following = new Following(self, rules, this.log, outbox);
    elections =
        new Elections(
            standing, settings, rules, random, this.log, following, outbox, begun, nowNanos);
    if (rules.mayLeadFirstTerm(begun)) {
      elections.leadFirstTerm();
    }
  }

  // Events of time and elections

  /// Event: one tick of the host's timer has passed.
  public void tick(long nowNanos) {
    this.nowNanos = nowNanos;
    if (standing.quiesced()) {
      return;
    }
    Leadership leadership = standing.leadership();
    if (leadership != null) {
      tickLeader(leadership);
    } else {
      elections.tick(nowNanos);
    }
  }

  private void tickLeader(Leadership leadership) {
    if (!leadership.tick(nowNanos)) {
      elections.follow(standing.term(), null);
    } else if (leadership.mayQuiesce()) {
      leadership.sendQuiesce();
      standing.quiesce(true);
    }
  }

  /// Event: start an election now, if this replica may. Speeds up the start of a new group.
  public void campaign(long nowNanos) {
    this.nowNanos = nowNanos;
    wake();
    if (standing.leadership() == null) {
      elections.campaign(nowNanos);
    }
  }

  /// Event: the members that a recovery leaves out are given up, and this replica goes on without
  /// them: it appends the new configuration although it was not elected, in a term of its own, and
  /// has itself elected by it. What its log has is kept and will be committed. Safe only if no
  /// member that is left out takes part any more, and if no survivor knows more to be committed
  /// than this replica has: the one whose log ends with the highest term, then index, has it all.
  ///
  /// @return whether that has begun: not if the log no longer ends where it did, or this replica
  ///   waits for a snapshot or has seen a higher term
  public boolean recover(long nowNanos, GroupRecovery recovery) {
    this.nowNanos = nowNanos;
    if (following.isInstalling()
        || log.snapshot().awaitsSnapshot()
        || log.lastIndex() != recovery.lastIndex()
        || log.lastTerm() != recovery.lastTerm()
        || standing.term() >= recovery.term()
        || !recovery.configuration().voters().contains(self())) {
      return false;
    }
    wake();
    elections.follow(recovery.term(), null);
    // Nobody else is to be elected in the term that these entries have.
    standing.voteFor(self());
    append(EntryKind.CONFIGURATION, recovery.configuration().encode());
    recovery.commands().forEach(command -> append(EntryKind.COMMAND, command));
    elections.campaign(nowNanos);
    return true;
  }

  private void append(EntryKind kind, byte[] data) {
    log.append(new Entry(standing.term(), log.lastIndex() + 1, kind, data));
  }

  // Messages

  /// Event: a message for this replica has come in.
  public void step(long nowNanos, Message message) {
    this.nowNanos = nowNanos;
    if (wakes(message)) {
      wake();
    }
    if (message.term() < standing.term()) {
      answerStale(message);
      return;
    }
    if (message.term() > standing.term() && !elections.enterTerm(message, nowNanos)) {
      return;
    }
    switch (message) {
      case Message.PreVoteRequest request -> elections.handlePreVote(request, nowNanos);
      case Message.PreVoteResponse response -> elections.handlePreVoteResponse(response);
      case Message.VoteRequest request -> elections.handleVote(request);
      case Message.VoteResponse response -> elections.handleVoteResponse(response);
      case Message.TimeoutNow timeoutNow -> elections.handleTimeoutNow(timeoutNow);
      case Message.AppendEntries append -> {
        elections.hearLeader(append, nowNanos);
        following.append(append);
      }
      case Message.Heartbeat heartbeat -> {
        elections.hearLeader(heartbeat, nowNanos);
        following.heartbeat(heartbeat, durableTerm == standing.term());
      }
      case Message.InstallSnapshot install -> {
        elections.hearLeader(install, nowNanos);
        following.install(install);
      }
      case Message.Quiesce quiesce -> {
        elections.hearLeader(quiesce, nowNanos);
        standing.quiesce(following.quiesce(quiesce));
      }
      case Message.AppendAccepted accepted ->
          ifLeading(leadership -> {
            leadership.appendAccepted(accepted);
            stepDownIfRemoved(leadership);
          });
      case Message.AppendRejected rejected ->
          ifLeading(leadership -> leadership.appendRejected(rejected));
      case Message.HeartbeatResponse response ->
          ifLeading(leadership -> {
            leadership.heartbeatAnswered(response);
            confirmedReads.addAll(leadership.takeConfirmedReads());
          });
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
          outbox.send(
              new Message.HeartbeatResponse(
                  self(), message.from(), standing.term(), 0, Peer.NEVER));
      case Message.PreVoteRequest _ ->
          outbox.send(new Message.PreVoteResponse(self(), message.from(), standing.term(), false));
      case Message.VoteRequest _,
          Message.PreVoteResponse _,
          Message.VoteResponse _,
          Message.AppendAccepted _,
          Message.AppendRejected _,
          Message.HeartbeatResponse _,
          Message.TimeoutNow _ -> {}
    }
  }

  // Following

  /// Event: the snapshot given out by [Effects#snapshot] is installed durably; [LogView#snapshot]
  /// is this mark and its log is empty.
  public void snapshotInstalled(SnapshotMark mark) {
    following.installed(mark, standing.leader(), standing.term());
  }

  /// Event: the snapshot given out by [Effects#snapshot] could not be installed and nothing was
  /// changed; the leader will offer one again.
  public void snapshotAbandoned(SnapshotMark mark) {
    following.abandoned(mark);
  }

  // Leading

  /// Event: append commands to the log, in order and together.
  public ProposeResult propose(List<byte[]> commands) {
    Leadership leadership = standing.leadership();
    if (leadership == null) {
      return new ProposeResult.NotLeader(standing.leader());
    }
    wake();
    return leadership.propose(commands);
  }

  /// Event: change the members.
  public ChangeResult changeConfiguration(ConfigurationChange change) {
    Leadership leadership = standing.leadership();
    if (leadership == null) {
      return new ChangeResult.NotLeader(standing.leader());
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
    Leadership leadership = standing.leadership();
    return leadership != null && leadership.transferTo(to);
  }

  /// Event: ask a quorum whether this replica still leads, for a read. Reads asked for between two
  /// [#takeEffects] share one round of heartbeats.
  ///
  /// @param contextId chosen by the host, comes back in the effects
  public ReadResult readIndex(long nowNanos, long contextId) {
    this.nowNanos = nowNanos;
    Leadership leadership = standing.leadership();
    if (leadership == null) {
      return new ReadResult.NotLeader(standing.leader());
    }
    wake();
    leadership.read(contextId);
    return new ReadResult.Waiting();
  }

  /// Whether a read may be served now without asking anybody, once [#commitIndex] is applied. True
  /// only for a leader that a quorum heard within the lease, that committed an entry in its term
  /// and that has not tried to hand over its leadership.
  public boolean leaseValid(long nowNanos) {
    Leadership leadership = standing.leadership();
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
    Leadership leadership = standing.leadership();
    return leadership == null ? OptionalLong.empty() : leadership.appliedReadsUntilNanos(nowNanos);
  }

  private void stepDownIfRemoved(Leadership leadership) {
    if (leadership.removed()) {
      leadership.flush(nowNanos);
      leadership.nominateSuccessor();
      elections.follow(standing.term(), null);
    }
  }

  private void ifLeading(Consumer<Leadership> event) {
    Leadership leadership = standing.leadership();
    if (leadership != null) {
      event.accept(leadership);
    }
  }

  /// Event: messages to `node` are being lost, so it is to be probed before more is sent.
  public void unreachable(NodeId node) {
    ifLeading(leadership -> leadership.unreachable(node));
  }

  /// Event: the snapshot for `node` asked for by [Message.InstallSnapshot] was handed over, or
  /// could not be. Must follow each such message.
  public void snapshotSent(NodeId node, boolean success) {
    ifLeading(leadership -> leadership.snapshotSent(node, success));
  }

  // Disk and state machine

  /// Event: the write of the effects with this [Effects#writeNumber] is durable, and so are all
  /// earlier ones. Called in order, for every effects with [Effects#sync] or for the last one of
  /// several that became durable together.
  public void persisted(long writeNumber) {
    long persistedTerm = log.finishWrites(writeNumber);
    durableTerm = Math.max(durableTerm, persistedTerm);
    Leadership leadership = standing.leadership();
    if (leadership != null) {
      leadership.commitByQuorum();
      stepDownIfRemoved(leadership);
    } else {
      elections.termPersisted(persistedTerm);
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
    return standing.quiesced();
  }

  /// Event: the node that leads this sleeping group is not alive, or somebody wants the group:
  /// count ticks again.
  public void wake() {
    standing.wake();
  }

  // Effects

  /// Whether there is anything to take.
  public boolean hasEffects() {
    Leadership leadership = standing.leadership();
    return !outbox.isEmpty()
        || log.hasUnwritten()
        || !currentState().equals(takenState)
        || following.hasSnapshotToTake()
        || (!following.isInstalling() && log.hasEntriesToApply(settings.applyBytesMax()))
        || !confirmedReads.isEmpty()
        || standing.hasLostReads()
        || (leadership != null && leadership.wantsFlush());
  }

  /// Everything to be done since the last call.
  public Effects takeEffects() {
    ifLeading(leadership -> {
      leadership.flush(nowNanos);
      confirmedReads.addAll(leadership.takeConfirmedReads());
    });
    List<Entry> entries = log.takeUnwritten();
    HardState state = currentState();
    boolean stateChanged = !state.equals(takenState);
    boolean sync =
        !entries.isEmpty()
            || state.term() != takenState.term()
            || !Objects.equals(state.vote(), takenState.vote());
    long writeNumber =
        entries.isEmpty() && !stateChanged
            ? log.lastWriteNumber()
            : log.beginWrite(standing.term());
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
            standing.takeLostReads(),
            following.takeSnapshot(),
            standing.term(),
            standing.role(),
            standing.leader());
    confirmedReads.clear();
    return effects;
  }

  private HardState currentState() {
    return standing.hardState(log.commitIndex());
  }

  // State

  public NodeId self() {
    return standing.self();
  }

  public Role role() {
    return standing.role();
  }

  public @Nullable NodeId leader() {
    return standing.leader();
  }

  public long term() {
    return standing.term();
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

  /// Whether it has a state: not while it waits for a snapshot, or installs one.
  public boolean complete() {
    return !log.snapshot().awaitsSnapshot() && !following.isInstalling();
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
    Leadership leadership = standing.leadership();
    return leadership == null ? List.of() : leadership.status();
  }
}
