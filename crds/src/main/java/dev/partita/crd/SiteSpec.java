package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.kubernetes.model.annotation.SpecReplicas;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a Site shall be.
///
/// @param nodes number of node pods; the scale subresource writes it
/// @param cloud value of the server label `partita.dev/cloud`
/// @param region value of the server label `topology.kubernetes.io/region`
/// @param zones values of the server label `topology.kubernetes.io/zone`; pods are spread over them
/// @param kubeconfigSecret name of a Secret with a kubeconfig: the StatefulSet is made in that
///   cluster
@JsonInclude(JsonInclude.Include.NON_NULL)
public record SiteSpec(
    @JsonPropertyDescription("Number of node pods; 'kubectl scale site' writes it.")
        @SpecReplicas
        @Required
        @Min(1)
        @Max(100)
        Integer nodes,
    @JsonPropertyDescription("Run on servers with this value of the label partita.dev/cloud.")
        @Pattern(Texts.LABEL_VALUE)
        @Size(max = 63)
        @Nullable String cloud,
    @JsonPropertyDescription(
            "Run on servers with this value of the label topology.kubernetes.io/region.")
        @Pattern(Texts.LABEL_VALUE)
        @Size(max = 63)
        @Nullable String region,
    @JsonPropertyDescription(
            "Spread over servers with these values of the label topology.kubernetes.io/zone.")
        @Size(max = 16)
        List<@Pattern(Texts.LABEL_VALUE) @Size(max = 63) String> zones,
    @JsonPropertyDescription("An edge site holds non-voting replicas only.") @Default("false")
        Boolean edge,
    @JsonPropertyDescription("The volume of each node pod.") @Required Storage storage,
    @JsonPropertyDescription("Requests and limits of each node pod.") @Nullable Resources resources,
    @JsonPropertyDescription("Name of a Secret with a kubeconfig: the pods run in that cluster.")
        @Pattern(Texts.OBJECT_NAME)
        @Size(max = 253)
        @Nullable String kubeconfigSecret) {

  @SuppressWarnings("ConstantValue") // JSON may leave a component out, whatever its type says.
  public SiteSpec {
    zones = zones == null ? List.of() : List.copyOf(zones);
    edge = edge != null && edge;
  }
}
