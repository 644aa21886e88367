package dev.partita.operator.partition;

/// What is to become of a Partition by its own rule.
record Decisions(SplitDecision split, MergeDecision merge) {

  /// It is to stay as it is.
  static final Decisions NONE = new Decisions(SplitDecision.NONE, MergeDecision.NONE);

  /// Whether something may wait for a person.
  boolean areReported() {
    return split.advice() != null || merge.advice().isPresent();
  }
}
