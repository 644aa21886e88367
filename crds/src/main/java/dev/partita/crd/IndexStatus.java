package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the operator saw of an Index.
///
/// @param progress per cent of the build
@JsonInclude(JsonInclude.Include.NON_NULL)
public record IndexStatus(
    @JsonPropertyDescription("Pending, Building, Ready, Failed or Deleting.")
        @Nullable String phase,
    @JsonPropertyDescription("Per cent of the build.") @Nullable Integer progress,
    @JsonPropertyDescription("Entries at the last observation.") @Nullable Long entries,
    @JsonPropertyDescription("Generation of the spec that this status speaks of.")
        @Nullable Long observedGeneration,
    @JsonPropertyDescription("Ready, Reconciling and Stalled, after kstatus.") @Size(max = 16)
        @Nullable List<Condition> conditions) {}
