package dev.partita.node.partition;

/// What makes splits and merges safe, each as one decision. Tests break them one by one to see that
/// they notice.
class SplitRules {

  static final SplitRules SAFE = new SplitRules();

  /// Whether children begin with what their Partition had.
  boolean inherits() {
    return true;
  }

  /// Whether a Partition that was split refuses what it is asked.
  boolean refuses() {
    return true;
  }

  /// Whether readers wait for a split that is being decided.
  boolean awaits() {
    return true;
  }

  /// Whether a Partition that is frozen answers nobody.
  boolean freezes() {
    return true;
  }

  /// Whether the replica of a Partition that was split leaves the rows where they are when it is
  /// removed.
  boolean sparesRows() {
    return true;
  }
}
