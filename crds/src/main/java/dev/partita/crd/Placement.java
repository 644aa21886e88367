package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

/// What of a Partition belongs on one Site: voting replicas, or at an edge Site one copy that does
/// not vote.
///
/// @param replicas voting replicas; absent at an edge Site
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Placement(
    @JsonPropertyDescription("Name of the Site.")
        @Required
        @Pattern(Texts.OBJECT_NAME)
        @Size(max = 253)
        String site,
    @JsonPropertyDescription(
            "Voting replicas on the nodes of that Site; absent at an edge Site, which gets one copy that does not vote.")
        @Min(1)
        @Max(5)
        @Nullable Integer replicas) {}
