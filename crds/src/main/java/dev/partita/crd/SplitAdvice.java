package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

/// A split that waits for somebody to approve it. It stays the same as long as the Partition and
/// the reason do, so that what is approved is what was read.
///
/// @param reason one CamelCase word for programs
/// @param at the first key of the second half, as JSON; null where a modulus is doubled
/// @param approval what an approval says
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SplitAdvice(
    @JsonPropertyDescription("Why: BySize, BySequence or ByLoad.") @Required @Size(max = 64)
        String reason,
    @JsonPropertyDescription(
            "The first key of the second half, as JSON; none where a modulus is doubled.")
        @Nullable String at,
    @JsonPropertyDescription("Value of the annotation partita.dev/approve that approves it.")
        @Required
        @Size(max = 253)
        String approval) {}
