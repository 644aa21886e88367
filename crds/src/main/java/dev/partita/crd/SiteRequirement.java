package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;

/// What one label of a Site must be.
///
/// @param values empty for `Exists` and `DoesNotExist`
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@ValidationRule(
    value =
        "(self.operator == 'In' || self.operator == 'NotIn') == (has(self.values) && self.values.size() > 0)",
    message = "In and NotIn need values, Exists and DoesNotExist take none")
public record SiteRequirement(
    @JsonPropertyDescription("Key of the label.") @Required @Size(min = 1, max = 317) String key,
    @JsonPropertyDescription("How its value is compared.") @Required SelectorOperator operator,
    @JsonPropertyDescription("What it is compared with, by In and NotIn.") @Size(max = 16)
        List<@Size(max = 63) String> values) {

  @SuppressWarnings("ConstantValue") // JSON may leave a component out, whatever its type says.
  public SiteRequirement {
    values = values == null ? List.of() : List.copyOf(values);
  }
}
