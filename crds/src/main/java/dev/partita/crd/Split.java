package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

/// When a Partition is split, and whether its parts are merged again. Nothing set: never.
///
/// @param maxOperationsPerSecond requests at the leader, as `status.operationsPerSecond` counts
///   them
/// @param maxCpu processor time at the leader, as `status.cpu` tells it
/// @param merge null is false: a part may have been split off by hand, for a load that is to come
/// @param mode who decides
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Split(
    @JsonPropertyDescription("Split above this size, in whole Mi, Gi or Ti.")
        @Pattern(Texts.SIZE)
        @Size(max = 11)
        @Nullable String maxSize,
    @JsonPropertyDescription(
            "Split when the leader has answered more requests than this for some minutes.")
        @Min(1)
        @Max(1_000_000)
        @Nullable Integer maxOperationsPerSecond,
    @JsonPropertyDescription(
            "Split when its reads, writes and log have taken more processor time at the leader than this for some minutes, in thousandths of a core: 500m.")
        @Pattern(Texts.CPU)
        @Size(max = 6)
        @Nullable String maxCpu,
    @JsonPropertyDescription(
            "Merge two parts again that together have had less than half of each limit for more than a day. Off by default.")
        @Nullable Boolean merge,
    @JsonPropertyDescription("Report: say what would be done, for approval. Auto: do it.")
        @Default("Report")
        SplitMode mode) {

  private static final String UNITS = "MiGiTi";

  /// A unit is 1024 of the one before.
  private static final int BITS_PER_UNIT = 10;

  @SuppressWarnings("ConstantValue") // JSON may leave a component out, whatever its type says.
  public Split {
    mode = mode == null ? SplitMode.Report : mode;
  }

  /// `maxCpu` in thousandths of a core; null where it is not set.
  ///
  /// @throws NumberFormatException if it does not have the form that the schema demands
  public @Nullable Integer maxCpuMillis() {
    return maxCpu == null ? null : Integer.parseInt(maxCpu.substring(0, maxCpu.length() - 1));
  }

  /// `maxSize` in bytes; null where it is not set.
  ///
  /// @throws NumberFormatException if it does not have the form that the schema demands
  public @Nullable Long maxBytes() {
    if (maxSize == null) {
      return null;
    }
    int digits = maxSize.length() - 2;
    int unit = UNITS.indexOf(maxSize.substring(digits)) / 2;
    return Long.parseLong(maxSize.substring(0, digits)) << (BITS_PER_UNIT * (unit + 2));
  }
}
