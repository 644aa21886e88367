package dev.partita.operator.nodeclient;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// That groups went on without a quorum, because a person had given up nodes. The operator only
/// tells of it.
///
/// @param id of the plan
/// @param at when, in the form of ISO 8601
/// @param acknowledged whether a person has seen to what may be lost
public record RecoveryView(
    String id, String at, List<RecoveredPartition> partitions, boolean acknowledged) {
  @SuppressWarnings("ConstantValue") // JSON may leave a list out, whatever its type says.
  public RecoveryView {
    partitions = partitions == null ? List.of() : List.copyOf(partitions);
  }

  /// A Partition that went on from one replica.
  ///
  /// @param id as the Partition's own
  /// @param loss what may be lost, for people
  public record RecoveredPartition(@Nullable String id, String name, String loss) {}
}
