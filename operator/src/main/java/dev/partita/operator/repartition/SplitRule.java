package dev.partita.operator.repartition;

import dev.partita.crd.Split;
import dev.partita.crd.SplitMode;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// What a Partition declares about being split and merged again.
///
/// @param bytesMax above which it is to be split
/// @param operationsMax per second, above which it is to be split
/// @param cpuMillisMax thousandths of a core, above which it is to be split
/// @param automatic whether nobody has to approve it
/// @param merge whether parts are merged again
public record SplitRule(
    OptionalLong bytesMax,
    OptionalLong operationsMax,
    OptionalLong cpuMillisMax,
    boolean automatic,
    boolean merge) {

  /// Never.
  public static final SplitRule NEVER =
      new SplitRule(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), false, false);

  /// Whether nothing makes a Partition large or busy.
  boolean isWithoutLimit() {
    return bytesMax.isEmpty() && operationsMax.isEmpty() && cpuMillisMax.isEmpty();
  }

  /// The rule of a spec.
  public static SplitRule of(@Nullable Split split) {
    if (split == null) {
      return NEVER;
    }
    Long bytes = split.maxBytes();
    Integer operations = split.maxOperationsPerSecond();
    Integer cpu = split.maxCpuMillis();
    return new SplitRule(
        bytes == null ? OptionalLong.empty() : OptionalLong.of(bytes),
        operations == null ? OptionalLong.empty() : OptionalLong.of(operations),
        cpu == null ? OptionalLong.empty() : OptionalLong.of(cpu),
        split.mode() == SplitMode.Auto,
        Boolean.TRUE.equals(split.merge()));
  }
}
