package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the operator saw of a Partition.
///
/// @param leader name of the node that leads the group
/// @param epoch raised by every change of members or bounds
/// @param readyReplicas replicas that are alive and have caught up
/// @param edgeReplicas copies at edge Sites, which are not among the replicas; absent where there
///   are none
/// @param operationsPerSecond rounded to two significant bits, so that a steady load writes no
///   status
/// @param cpu processor time at the leader, rounded likewise, in thousandths of a core: `120m`
/// @param parent name of the Partition that this one was split from
/// @param children names of the Partitions that a split made
/// @param splitAdvice a split that waits for approval
@JsonInclude(JsonInclude.Include.NON_NULL)
public record PartitionStatus(
    @JsonPropertyDescription(
            "Pending, Creating, Ready, Moving, Splitting, Split, Merging, Degraded, Paused, Deleting or Stalled.")
        @Nullable String phase,
    @JsonPropertyDescription("Name of the node that leads.") @Nullable String leader,
    @JsonPropertyDescription("Raised by every change of members or bounds.") @Nullable Long epoch,
    @JsonPropertyDescription("Replicas that exist.") @Nullable Integer replicas,
    @JsonPropertyDescription("Replicas that are alive and have caught up.")
        @Nullable Integer readyReplicas,
    @JsonPropertyDescription("Copies at edge Sites that exist.") @Nullable Integer edgeReplicas,
    @JsonPropertyDescription("Rows at the last observation.") @Nullable Long rows,
    @JsonPropertyDescription("Bytes of one replica at the last observation.") @Nullable Long bytes,
    @JsonPropertyDescription("Operations per second, coarsely rounded.")
        @Nullable Long operationsPerSecond,
    @JsonPropertyDescription(
            "Processor time at the leader, in thousandths of a core, coarsely rounded; without HTTP, network and disk.")
        @Nullable String cpu,
    @JsonPropertyDescription("The Partition that this one was split from.") @Nullable String parent,
    @JsonPropertyDescription("Partitions that a split made of this one.") @Size(max = 1024)
        @Nullable List<String> children,
    @JsonPropertyDescription("A split that waits for approval.") @Nullable SplitAdvice splitAdvice,
    @JsonPropertyDescription("Generation of the spec that this status speaks of.")
        @Nullable Long observedGeneration,
    @JsonPropertyDescription("Ready, Reconciling and Stalled, after kstatus.") @Size(max = 16)
        @Nullable List<Condition> conditions) {}
