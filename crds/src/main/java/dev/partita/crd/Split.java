package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

/// When a Partition is split, and whether its parts are merged again. Nothing set: never.
///
/// @param maxLoad per cent of one core at the leader
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Split(
    @JsonPropertyDescription("Split above this size, in whole Mi, Gi or Ti.")
        @Pattern(Texts.SIZE)
        @Size(max = 11)
        @Nullable String maxSize,
    @JsonPropertyDescription("Split above this load, in per cent of one core at the leader.")
        @Min(1)
        @Max(6400)
        @Nullable Integer maxLoad,
    @JsonPropertyDescription("Merge parts that have become small.") @Nullable Boolean merge) {}
