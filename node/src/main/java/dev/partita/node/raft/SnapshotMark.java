package dev.partita.node.raft;

import org.jspecify.annotations.Nullable;

/// What the core knows of a snapshot: the last entry it covers and the configuration in force
/// there. The files are the host's.
///
/// @param index last index covered; the log goes on at the one after it
/// @param term of the entry at that index
public record SnapshotMark(long index, long term, Configuration configuration) {

  /// The beginning of a replica that knows nothing yet and waits for a leader to send it a
  /// snapshot.
  public static final SnapshotMark NONE = new SnapshotMark(0, 0, Configuration.EMPTY);

  public SnapshotMark {
    if (index < 0 || term < 0) {
      throw new IllegalArgumentException("index and term are not negative: " + index + ", " + term);
    }
  }

  /// The beginning of a replica that is made on a node whose earlier replica of the same group was
  /// removed and its data deleted. What that one had acknowledged still counts in elections, so the
  /// host keeps its hard state and the end of its log.
  public static SnapshotMark tombstone(long lastIndex, long lastTerm) {
    return new SnapshotMark(lastIndex, lastTerm, Configuration.EMPTY);
  }

  /// Whether a replica that begins here has no state yet and can do nothing but wait for a
  /// snapshot.
  boolean awaitsSnapshot() {
    return configuration.voters().isEmpty();
  }

  /// The beginning of a new group, the same on each of its first members. It stands at index 1, not
  /// 0, so that a replica that joins later can never be fed from the log alone: it needs a
  /// snapshot, and with it gets the first configuration and state.
  public static SnapshotMark initial(Configuration configuration) {
    return new SnapshotMark(1, 1, configuration);
  }

  /// The beginning of a group whose first members have data already when it is made, the same on
  /// each of them, because another group has handed it to them. It differs from [#initial], so that
  /// a replica that has lost this data again is not taken for one that never had any.
  public static SnapshotMark inherited(Configuration configuration) {
    return new SnapshotMark(2, 1, configuration);
  }

  /// The hard state that goes with [#inherited], the same on each of the first members.
  ///
  /// Who handed the data over may name the first leader: then all begin in the term after the
  /// mark's with their votes given to it. Nobody else can be elected in that term, so it leads
  /// without asking. The term is above that of [#initialHardState] because it has a leader who is
  /// promised things, see [Elections].
  ///
  /// @param leader null to elect the first leader as any other
  public static HardState inheritedHardState(@Nullable NodeId leader) {
    return leader == null
        ? new HardState(1, null, 2)
        : new HardState(FIRST_TERM_INHERITED, leader, 2);
  }

  /// The one term that is led without an election, if a leader was named for it.
  static final long FIRST_TERM_INHERITED = 2;

  /// Whether a group began here with data of another one.
  public boolean isInherited() {
    return equals(inherited(configuration)) && !awaitsSnapshot();
  }

  /// The hard state that goes with [#initial].
  public static HardState initialHardState() {
    return new HardState(1, null, 1);
  }

  /// Whether this snapshot ends no earlier than `other` in the order in which logs are compared.
  boolean upToDate(SnapshotMark other) {
    return term > other.term || (term == other.term && index >= other.index);
  }
}
