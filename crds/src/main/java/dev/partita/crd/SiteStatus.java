package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.model.annotation.LabelSelector;
import io.fabric8.kubernetes.model.annotation.StatusReplicas;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the operator saw of a Site.
///
/// @param nodes pods that exist
/// @param readyNodes nodes that are registered, alive and ready
/// @param selector label selector of the pods, for the scale subresource
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SiteStatus(
    @JsonPropertyDescription(
            "Pending, Bootstrapping, Progressing, Ready, Scaling, Rolling, Resizing, Replacing, Unreachable, Paused or Stalled.")
        @Nullable String phase,
    @JsonPropertyDescription("Node pods that exist.") @StatusReplicas @Nullable Integer nodes,
    @JsonPropertyDescription("Nodes that are registered, alive and ready.")
        @Nullable Integer readyNodes,
    @JsonPropertyDescription("Label selector of the node pods.") @LabelSelector
        @Nullable String selector,
    @JsonPropertyDescription("Generation of the spec that this status speaks of.")
        @Nullable Long observedGeneration,
    @JsonPropertyDescription("Ready, Reconciling and Stalled, after kstatus.") @Size(max = 16)
        @Nullable List<Condition> conditions) {}
