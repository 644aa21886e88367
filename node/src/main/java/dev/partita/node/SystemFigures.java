package dev.partita.node;

/// Figures of the system partition as this node sees it, for metrics.
///
/// @param hasLeader whether a leader is known
/// @param leads whether this node leads it
/// @param votes whether this node votes in it
/// @param term of its group
/// @param voters how many its group has
/// @param lagEntries entries of its log that are not applied here yet
/// @param revision of the catalog here
/// @param operations recorded in the catalog and not finished
public record SystemFigures(
    boolean hasLeader,
    boolean leads,
    boolean votes,
    long term,
    int voters,
    long lagEntries,
    long revision,
    long operations) {

  /// What a node has that belongs to no cluster yet.
  static final SystemFigures NONE = new SystemFigures(false, false, false, 0, 0, 0, 0, 0);
}
