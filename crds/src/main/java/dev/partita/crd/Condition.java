package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import org.jspecify.annotations.Nullable;

/// One aspect of a resource's state, in the form of `metav1.Condition`.
///
/// @param status `True`, `False` or `Unknown`
/// @param reason one CamelCase word for programs
/// @param message a sentence for people
/// @param lastTransitionTime when `status` last changed, RFC 3339 with whole seconds
/// @param observedGeneration generation of the spec that the condition speaks of
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Condition(
    @Required @Pattern("^[A-Za-z]+$") @Size(max = 316) String type,
    @Required @Pattern("^(True|False|Unknown)$") String status,
    @Required @Pattern("^[A-Za-z]+$") @Size(max = 1024) String reason,
    @Required @Size(max = 32768) String message,
    @Required String lastTransitionTime,
    @Nullable Long observedGeneration) {}
