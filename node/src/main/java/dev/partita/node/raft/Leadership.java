package dev.partita.node.raft;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a replica does and knows while it leads: made when an election is won, thrown away with the
/// term. Appends are not sent by each event but by [#flush], so that everything proposed between
/// two takings of effects shares messages.
final class Leadership {

  /// A batch of proposals that is not committed.
  private record Uncommitted(long lastIndex, long bytes) {}

  private final NodeId self;
  private final long term;
  private final RaftSettings settings;
  private final Rules rules;
  private final RaftLog log;
  private final Outbox outbox;
  private final Map<NodeId, Peer> peers = new TreeMap<>();
  private final ReadQueue reads = new ReadQueue();
  private final ArrayDeque<Uncommitted> uncommitted = new ArrayDeque<>();

  /// What earlier leaders have committed lies before it.
  private final long ownIndex;

  private long uncommittedBytes;
  private int heartbeatElapsed;
  private int quorumElapsed;
  private int idleElapsed;
  private @Nullable NodeId transferee;
  private int transferElapsed;
  private boolean leaseSurrendered;

  /// @param ownIndex once it is committed, so is everything that earlier leaders have committed:
  ///   the first index of the term, or less if there were none
  Leadership(
      NodeId self,
      long term,
      long ownIndex,
      RaftSettings settings,
      Rules rules,
      RaftLog log,
      Outbox outbox) {
    this.self = self;
    this.term = term;
    this.settings = settings;
    this.rules = rules;
    this.log = log;
    this.outbox = outbox;
    this.ownIndex = ownIndex;
    long lastIndex = log.lastIndex();
    log.append(Entry.empty(term, lastIndex + 1));
    followConfiguration();
    if (ownIndex <= lastIndex) {
      // All begin with the same log, or without one and say so: there is nothing to be probed.
      peers.values().forEach(peer -> peer.presumed(ownIndex + 1));
    }
  }

  // Proposals

  ProposeResult propose(List<byte[]> commands) {
    if (transferee != null) {
      return new ProposeResult.Busy(ProposeResult.Reason.TRANSFERRING);
    }
    long bytes = 0;
    for (byte[] command : commands) {
      bytes += command.length;
    }
    if (uncommittedBytes > 0 && uncommittedBytes + bytes > settings.uncommittedBytesMax()) {
      return new ProposeResult.Busy(ProposeResult.Reason.UNCOMMITTED_BYTES);
    }
    long firstIndex = log.lastIndex() + 1;
    long index = firstIndex;
    for (byte[] command : commands) {
      log.append(new Entry(term, index++, EntryKind.COMMAND, command));
    }
    uncommitted.add(new Uncommitted(log.lastIndex(), bytes));
    uncommittedBytes += bytes;
    idleElapsed = 0;
    return new ProposeResult.Accepted(term, firstIndex);
  }

  ChangeResult changeConfiguration(ConfigurationChange change) {
    Configuration current = log.configuration();
    if (transferee != null) {
      return new ChangeResult.Refused(ChangeResult.Reason.TRANSFERRING);
    }
    if (!rules.mayChangeConfiguration(committedInTerm())) {
      return new ChangeResult.Refused(ChangeResult.Reason.NO_COMMIT_IN_TERM);
    }
    if (!rules.mayChangeConfiguration(
        log.configurationIndex(), current.joint(), log.commitIndex())) {
      return new ChangeResult.Refused(ChangeResult.Reason.CHANGE_PENDING);
    }
    Configuration next = change.firstStepFrom(current);
    if (next.equals(current)) {
      return new ChangeResult.Refused(ChangeResult.Reason.NO_CHANGE);
    }
    if (!next.voters().stream().allMatch(node -> current.isVoter(node) || isFollowing(node))) {
      return new ChangeResult.Refused(ChangeResult.Reason.NOT_CAUGHT_UP);
    }
    if (!(sameVoters(next, current) || rules.mayDependOn(next, this::isReady))) {
      return new ChangeResult.Refused(ChangeResult.Reason.NO_QUORUM_READY);
    }
    appendConfiguration(next);
    return new ChangeResult.Accepted(term, log.lastIndex(), next);
  }

  private static boolean sameVoters(Configuration one, Configuration other) {
    return one.voters().equals(other.voters())
        && one.outgoingVoters().equals(other.outgoingVoters());
  }

  /// Whether a member has a snapshot and keeps up with the log.
  private boolean isFollowing(NodeId node) {
    Peer peer = peers.get(node);
    return node.equals(self) || (peer != null && peer.state() == PeerState.REPLICATE);
  }

  /// Whether a member is there and has a log: it could vote, and commit what comes next.
  private boolean isReady(NodeId node) {
    Peer peer = peers.get(node);
    return node.equals(self)
        || (peer != null
            && peer.heardLately()
            && peer.matchIndex() > 0
            && peer.state() != PeerState.SNAPSHOT);
  }

  private void appendConfiguration(Configuration next) {
    log.append(new Entry(term, log.lastIndex() + 1, EntryKind.CONFIGURATION, next.encode()));
    idleElapsed = 0;
    followConfiguration();
  }

  private void followConfiguration() {
    Collection<NodeId> members = log.configuration().members();
    peers.keySet().retainAll(members);
    for (NodeId member : members) {
      if (!member.equals(self) && !peers.containsKey(member)) {
        // A new member counts as active, so that it is fed at once and has a whole round to answer.
        // It
        // is probed with the entry just appended.
        peers.put(member, new Peer(log.lastIndex(), true, settings));
      }
    }
    if (transferee != null && !log.configuration().isVoter(transferee)) {
      transferee = null;
    }
  }

  // Time

  /// Returns false when the quorum has not been heard for an election timeout, so that this replica
  /// must step down.
  boolean tick(long nowNanos) {
    if (transferee != null && ++transferElapsed >= settings.electionTicks()) {
      transferee = null;
    }
    if (++quorumElapsed >= settings.electionTicks()) {
      quorumElapsed = 0;
      if (!log.configuration().isQuorum(this::isActive)) {
        return false;
      }
      peers.values().forEach(Peer::forgetActivity);
    }
    if (++heartbeatElapsed >= settings.heartbeatTicks()) {
      heartbeatElapsed = 0;
      broadcastHeartbeat(nowNanos);
    }
    idleElapsed++;
    return true;
  }

  private boolean isActive(NodeId node) {
    Peer peer = peers.get(node);
    return node.equals(self) || (peer != null && peer.active());
  }

  private void broadcastHeartbeat(long nowNanos) {
    peers.forEach((node, peer) -> {
      long commitIndex = rules.heartbeatCommitIndex(log.commitIndex(), peer.matchIndex());
      peer.sentCommit(commitIndex);
      outbox.send(new Message.Heartbeat(self, node, term, commitIndex, reads.round(), nowNanos));
    });
  }

  // Answers

  void heartbeatAnswered(Message.HeartbeatResponse response) {
    Peer peer = peers.get(response.from());
    if (peer == null) {
      return;
    }
    peer.heard();
    peer.heardHeartbeat(response.readRound(), response.sentNanos());
    if (peer.state() == PeerState.PROBE || peer.matchIndex() < log.lastIndex()) {
      idleElapsed = 0;
      sendAppend(response.from(), peer, true);
    }
  }

  void appendAccepted(Message.AppendAccepted response) {
    Peer peer = peers.get(response.from());
    if (peer == null) {
      return;
    }
    if (response.matchIndex() > log.lastIndex()) {
      throw new IllegalStateException(
          "a peer accepted " + response.matchIndex() + ", the log ends at " + log.lastIndex());
    }
    peer.heard();
    peer.accepted(response.matchIndex(), log.firstIndex());
    commitByQuorum();
    if (response.from().equals(transferee)) {
      continueTransfer(response.from());
    }
  }

  void appendRejected(Message.AppendRejected response) {
    Peer peer = peers.get(response.from());
    if (peer == null) {
      return;
    }
    peer.heard();
    long retryIndex = Math.min(response.hintIndex(), log.lastIndex());
    if (response.hintTerm() > 0 && retryIndex >= log.snapshot().index()) {
      retryIndex = log.lastIndexWithTermUpTo(response.hintTerm(), retryIndex);
    }
    if (peer.rejected(response.rejectedIndex(), retryIndex)) {
      sendAppend(response.from(), peer, true);
    }
  }

  void unreachable(NodeId node) {
    Peer peer = peers.get(node);
    if (peer != null) {
      peer.unreachable();
    }
  }

  void snapshotSent(NodeId node, boolean success) {
    Peer peer = peers.get(node);
    if (peer != null) {
      peer.snapshotSent(success);
    }
  }

  // Commit

  boolean committedInTerm() {
    return log.commitIndex() >= ownIndex;
  }

  /// Commits what a quorum of voters holds durably.
  void commitByQuorum() {
    long index = rules.quorumIndex(log.configuration(), this::matchIndex);
    if (index <= log.commitIndex() || !rules.mayCommit(log.term(index), term)) {
      return;
    }
    log.commitTo(index);
    while (!uncommitted.isEmpty() && uncommitted.element().lastIndex() <= index) {
      uncommittedBytes -= uncommitted.remove().bytes();
    }
    if (committedInTerm()) {
      reads.committedInTerm(index);
    }
    if (log.configuration().joint() && log.configurationIndex() <= index && committedInTerm()) {
      appendConfiguration(log.configuration().afterJoint());
    }
  }

  private long matchIndex(NodeId node) {
    if (node.equals(self)) {
      return log.stableIndex();
    }
    Peer peer = peers.get(node);
    return peer == null ? 0 : peer.matchIndex();
  }

  /// Whether a committed configuration has no place for this replica as a voter.
  boolean removed() {
    return log.configurationIndex() <= log.commitIndex() && !log.configuration().isVoter(self);
  }

  /// On the way out: asks the voter with the longest log to take over at once.
  void nominateSuccessor() {
    NodeId successor = null;
    for (NodeId voter : log.configuration().voters()) {
      if (successor == null || matchIndex(voter) > matchIndex(successor)) {
        successor = voter;
      }
    }
    if (successor != null) {
      sendTimeoutNow(successor);
    }
  }

  // Transfer

  boolean transferTo(NodeId target) {
    if (target.equals(self) || !log.configuration().isVoter(target)) {
      return false;
    }
    if (!target.equals(transferee)) {
      transferee = target;
      transferElapsed = 0;
      idleElapsed = 0;
      continueTransfer(target);
    }
    return true;
  }

  private void continueTransfer(NodeId target) {
    if (matchIndex(target) == log.lastIndex() || !rules.transferWaitsForLog()) {
      sendTimeoutNow(target);
    }
  }

  private void sendTimeoutNow(NodeId target) {
    leaseSurrendered = rules.leaseEndsWithTransfer();
    outbox.send(new Message.TimeoutNow(self, target, term));
  }

  // Reads

  void read(long contextId) {
    idleElapsed = 0;
    if (rules.readsWaitForCommit(committedInTerm())) {
      reads.addWaitingForCommit(contextId);
    } else {
      reads.add(contextId, log.commitIndex());
    }
  }

  List<ConfirmedRead> takeConfirmedReads() {
    return reads.takeConfirmed(
        rules.readNeedsQuorum()
            ? log.configuration().quorumValue(this::heardRound)
            : Long.MAX_VALUE);
  }

  List<Long> takeLostReads() {
    return reads.takeAll();
  }

  private long heardRound(NodeId node) {
    Peer peer = peers.get(node);
    return node.equals(self) ? reads.round() : peer == null ? 0 : peer.heardRound();
  }

  boolean leaseValid(long nowNanos) {
    if (leaseSurrendered || !committedInTerm()) {
      return false;
    }
    long startNanos = leaseStartNanos(nowNanos);
    return startNanos != Peer.NEVER
        && rules.leaseHolds(nowNanos, startNanos, settings.leaseNanos());
  }

  OptionalLong appliedReadsUntilNanos(long nowNanos) {
    if (!leaseValid(nowNanos) || rules.appliedReadsWait(log.appliedIndex(), ownIndex)) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(leaseStartNanos(nowNanos) + settings.leaseNanos());
  }

  private long leaseStartNanos(long nowNanos) {
    return log.configuration().quorumValue(node -> heardSentNanos(node, nowNanos));
  }

  private long heardSentNanos(NodeId node, long nowNanos) {
    Peer peer = peers.get(node);
    return node.equals(self) ? nowNanos : peer == null ? Peer.NEVER : peer.heardSentNanos();
  }

  // Sending

  boolean wantsFlush() {
    if (reads.roundWanted()) {
      return true;
    }
    for (Peer peer : peers.values()) {
      if (hasEntriesFor(peer) || (settings.eagerCommit() && peer.lacksCommit(log.commitIndex()))) {
        return true;
      }
    }
    return false;
  }

  /// Sends what is due: heartbeats for new reads, entries, news of commits.
  void flush(long nowNanos) {
    if (reads.roundWanted()) {
      reads.beginRound();
      broadcastHeartbeat(nowNanos);
    }
    peers.forEach((node, peer) -> {
      while (hasEntriesFor(peer) && sendAppend(node, peer, false)) {}
      if (settings.eagerCommit() && peer.lacksCommit(log.commitIndex())) {
        sendAppend(node, peer, true);
      }
    });
  }

  private boolean hasEntriesFor(Peer peer) {
    return peer.ready()
        && peer.nextIndex() <= log.lastIndex()
        && (peer.active() || peer.nextIndex() >= log.firstIndex());
  }

  /// Sends the next entries, or a snapshot if they are compacted.
  ///
  /// @param probe whether to send even if there is no entry or no room for one, to learn or tell
  ///   where the logs match
  /// @return whether more may follow
  private boolean sendAppend(NodeId node, Peer peer, boolean probe) {
    boolean ready = peer.ready();
    if (peer.state() == PeerState.SNAPSHOT
        || !(ready || (probe && peer.state() == PeerState.REPLICATE))) {
      return false;
    }
    long previousIndex = peer.nextIndex() - 1;
    if (previousIndex < log.snapshot().index()) {
      if (peer.active()) {
        outbox.send(new Message.InstallSnapshot(self, node, term, log.snapshot()));
        peer.sentSnapshot(log.snapshot().index());
      }
      return false;
    }
    List<Entry> entries =
        ready ? log.entriesFrom(peer.nextIndex(), settings.appendBytesMax()) : List.of();
    long bytes = 0;
    for (Entry entry : entries) {
      bytes += entry.sizeBytes();
    }
    outbox.send(
        new Message.AppendEntries(
            self, node, term, previousIndex, log.term(previousIndex), log.commitIndex(), entries));
    peer.sent(previousIndex + entries.size(), bytes, log.commitIndex());
    return ready;
  }

  // Sleep

  /// Whether nothing has happened for a while, nothing is under way and every member has and knows
  /// everything.
  boolean mayQuiesce() {
    return settings.quiesceTicks() > 0
        && idleElapsed >= settings.quiesceTicks()
        && transferee == null
        && reads.isEmpty()
        && committedInTerm()
        && log.commitIndex() == log.lastIndex()
        && log.appliedIndex() == log.lastIndex()
        && peers.values().stream()
            .allMatch(peer -> peer.active() && peer.matchIndex() == log.lastIndex());
  }

  void sendQuiesce() {
    peers
        .keySet()
        .forEach(node -> outbox.send(new Message.Quiesce(self, node, term, log.commitIndex())));
  }

  void woken() {
    idleElapsed = 0;
    quorumElapsed = 0;
    heartbeatElapsed = settings.heartbeatTicks();
  }

  List<PeerStatus> status() {
    return peers.entrySet().stream()
        .map(entry ->
            new PeerStatus(
                entry.getKey(),
                entry.getValue().matchIndex(),
                entry.getValue().state(),
                entry.getValue().active(),
                entry.getValue().heardLately()))
        .toList();
  }
}
