package dev.partita.operator.repartition;

/// What a policy says about the two parts of one split.
public sealed interface MergeFinding {

  /// They are to stay two.
  record Nothing() implements MergeFinding {}

  /// They are small and cool, but not for long enough.
  record Waits() implements MergeFinding {}

  /// They are to be one, as far as is known: rows are being counted.
  record Uncounted() implements MergeFinding {}

  /// They are to be one.
  ///
  /// @param because a clause for people that does not change while the reason holds
  /// @param figure what was measured
  record Due(String because, String figure) implements MergeFinding {}
}
