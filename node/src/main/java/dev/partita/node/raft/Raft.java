package dev.partita.node.raft;

import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// One replica of one group: a state machine whose inputs are the methods called "event" below and
/// whose output is [#takeEffects]. A host calls any number of events and then takes the effects.
///
/// Times are the host's monotonic clock (`System.nanoTime()`), read when the event is handled,
/// never earlier. They decide about the lease and nothing else; timeouts are counted in ticks, so
/// that a process that slept does not wake up to an election.
@SuppressWarnings("DoNotCallSuggester") // the bodies follow
public final class Raft {

  /// Starts a replica from what is on its disk.
  ///
  /// @param appliedIndex what the state machine holds already; not below the log's snapshot mark
  public Raft(
      NodeId self,
      RaftSettings settings,
      HardState hardState,
      LogView log,
      long appliedIndex,
      RandomGenerator random,
      long nowNanos) {
    throw new UnsupportedOperationException();
  }

  /// Event: one tick of the host's timer has passed.
  public void tick(long nowNanos) {
    throw new UnsupportedOperationException();
  }

  /// Event: a message for this replica has come in.
  public void step(long nowNanos, Message message) {
    throw new UnsupportedOperationException();
  }

  /// Event: start an election now, if this replica may. Speeds up the start of a new group.
  public void campaign(long nowNanos) {
    throw new UnsupportedOperationException();
  }

  /// Event: append commands to the log, in order and together.
  public ProposeResult propose(List<byte[]> commands) {
    throw new UnsupportedOperationException();
  }

  /// Event: change the members.
  public ChangeResult changeConfiguration(ConfigurationChange change) {
    throw new UnsupportedOperationException();
  }

  /// Event: hand leadership to `to`, a voter, as soon as it has the whole log. Given up after an
  /// election timeout.
  ///
  /// @return whether the transfer began: false when this replica does not lead or `to` is not
  ///   another voter
  public boolean transferLeadership(NodeId to) {
    throw new UnsupportedOperationException();
  }

  /// Event: ask a quorum whether this replica still leads, for a read. Reads asked for between two
  /// [#takeEffects] share one round of heartbeats.
  ///
  /// @param contextId chosen by the host, comes back in the effects
  public ReadResult readIndex(long nowNanos, long contextId) {
    throw new UnsupportedOperationException();
  }

  /// Event: the write of the effects with this [Effects#writeNumber] is durable, and so are all
  /// earlier ones. Called in order, for every effects with [Effects#sync] or for the last one of
  /// several that became durable together.
  public void persisted(long writeNumber) {
    throw new UnsupportedOperationException();
  }

  /// Event: the state machine has applied everything up to `index`.
  public void applied(long index) {
    throw new UnsupportedOperationException();
  }

  /// Event: the snapshot given out by [Effects#snapshot] is installed durably; [LogView#snapshot]
  /// is this mark and its log is empty.
  public void snapshotInstalled(SnapshotMark mark) {
    throw new UnsupportedOperationException();
  }

  /// Event: the snapshot given out by [Effects#snapshot] could not be installed and nothing was
  /// changed; the leader will be asked again.
  public void snapshotAbandoned(SnapshotMark mark) {
    throw new UnsupportedOperationException();
  }

  /// Event: the host has cut the log up to [LogView#snapshot], which is applied.
  public void compacted() {
    throw new UnsupportedOperationException();
  }

  /// Event: messages to `node` are being lost, so it is to be probed before more is sent.
  public void unreachable(NodeId node) {
    throw new UnsupportedOperationException();
  }

  /// Event: the snapshot for `node` asked for by [Message.InstallSnapshot] was handed over, or
  /// could not be. Must follow each such message.
  public void snapshotSent(NodeId node, boolean success) {
    throw new UnsupportedOperationException();
  }

  /// Whether there is anything to take.
  public boolean hasEffects() {
    throw new UnsupportedOperationException();
  }

  /// Everything to be done since the last call.
  public Effects takeEffects() {
    throw new UnsupportedOperationException();
  }

  /// Whether a read may be served now without asking anybody, once [#commitIndex] is applied. True
  /// only for a leader that a quorum heard within the lease, that committed an entry in its term
  /// and that has not tried to hand over its leadership.
  public boolean leaseValid(long nowNanos) {
    throw new UnsupportedOperationException();
  }

  /// Whether the group sleeps: the host need not tick this replica while the node of its leader is
  /// alive.
  public boolean quiesced() {
    throw new UnsupportedOperationException();
  }

  /// Event: the node that leads this sleeping group is not alive, or somebody wants the group: tick
  /// it again.
  public void wake() {
    throw new UnsupportedOperationException();
  }

  public NodeId self() {
    throw new UnsupportedOperationException();
  }

  public Role role() {
    throw new UnsupportedOperationException();
  }

  public @Nullable NodeId leader() {
    throw new UnsupportedOperationException();
  }

  public long term() {
    throw new UnsupportedOperationException();
  }

  public long commitIndex() {
    throw new UnsupportedOperationException();
  }

  public long appliedIndex() {
    throw new UnsupportedOperationException();
  }

  public long lastIndex() {
    throw new UnsupportedOperationException();
  }

  /// The term of the entry at `index`, which is between the snapshot mark and the last index.
  public long termAt(long index) {
    throw new UnsupportedOperationException();
  }

  /// The newest configuration in the log, committed or not.
  public Configuration configuration() {
    throw new UnsupportedOperationException();
  }

  /// The configuration in force at `index`, which is not below the snapshot mark: what belongs into
  /// the mark of a snapshot taken there.
  public Configuration configurationAt(long index) {
    throw new UnsupportedOperationException();
  }

  /// What the leader knows of the other members; empty on other replicas.
  public List<PeerStatus> peers() {
    throw new UnsupportedOperationException();
  }
}
