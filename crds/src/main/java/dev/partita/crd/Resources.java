package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.Map;

/// Requests and limits of a node's container, by resource name (`cpu`, `memory`).
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Resources(Map<String, Quantity> requests, Map<String, Quantity> limits) {

  @SuppressWarnings("ConstantValue") // JSON may leave a component out, whatever its type says.
  public Resources {
    requests = requests == null ? Map.of() : Map.copyOf(requests);
    limits = limits == null ? Map.of() : Map.copyOf(limits);
  }
}
