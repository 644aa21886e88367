package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;

/// How many replicas of a Partition belong on one Site.
public record Placement(
    @JsonPropertyDescription("Name of the Site.")
        @Required
        @Pattern(Texts.OBJECT_NAME)
        @Size(max = 253)
        String site,
    @JsonPropertyDescription("Replicas on the nodes of that Site.") @Required @Min(1) @Max(5)
        Integer replicas) {}
