package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Size;
import java.util.List;
import java.util.Map;

/// Sites, told by the labels of their resources, as Kubernetes selects objects: those that meet all
/// requirements. Without any, all of them.
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record SiteSelector(
    @JsonPropertyDescription("Labels that a Site has, with their values.")
        Map<String, @Size(max = 63) String> matchLabels,
    @JsonPropertyDescription("What else its labels must be.") @Size(max = 16)
        List<SiteRequirement> matchExpressions) {

  @SuppressWarnings("ConstantValue") // JSON may leave a component out, whatever its type says.
  public SiteSelector {
    matchLabels = matchLabels == null ? Map.of() : Map.copyOf(matchLabels);
    matchExpressions = matchExpressions == null ? List.of() : List.copyOf(matchExpressions);
  }
}
