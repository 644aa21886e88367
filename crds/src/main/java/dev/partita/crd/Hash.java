package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.ValidationRule;

/// The rows whose partition key's unsigned 32-bit hash h has `h mod modulus = remainder`.
@ValidationRule(
    value = "self.remainder < self.modulus",
    message = "remainder must be less than modulus")
public record Hash(
    @JsonPropertyDescription("Number of hash partitions.") @Required @Min(1) @Max(65536)
        Integer modulus,
    @JsonPropertyDescription("Which of them, from 0.") @Required @Min(0) @Max(65535)
        Integer remainder) {}
