package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.model.annotation.SpecReplicas;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a Site shall be.
///
/// @param nodes number of node pods; the scale subresource writes it
/// @param cloud value of the server label `partita.dev/cloud`
/// @param region value of the server label `topology.kubernetes.io/region`
/// @param zones values of the server label `topology.kubernetes.io/zone`; pods are spread over them
/// @param edge its nodes hold copies that do not vote, of the Partitions whose placement names it
/// @param kubeconfigSecret name of a Secret with a kubeconfig: the StatefulSet is made in that
///   cluster
/// @param advertisedAddress template of the names by which nodes of other clusters find its nodes,
///   at the same ports
/// @param tls certificates; see [#tlsOrDefault]
/// @param authentication whether clients log in
/// @param image of the node container: the version of the nodes; where it is absent, that of the
///   operator's configuration, else the one the pods have
/// @param restartApproval which pods restart only after a person has approved it
/// @param replaceAfter for how long a node may be missing together with its volume or server before
///   it is replaced by a new one with an empty volume; `Never` leaves that to people
/// @param paused the operator leaves the Site as it is
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value =
        "(has(self.tls) ? self.tls.mode : 'Required') == (has(oldSelf.tls) ? oldSelf.tls.mode : 'Required')",
    message =
        "tls.mode is immutable: nodes in plain text and nodes with certificates do not understand each other")
@ValidationRule(
    value =
        "(has(self.kubeconfigSecret) ? self.kubeconfigSecret : '') == (has(oldSelf.kubeconfigSecret) ? oldSelf.kubeconfigSecret : '')",
    message =
        "kubeconfigSecret is immutable: a Site does not move to another cluster; make another Site there, and delete this one when it is empty")
@ValidationRule(
    value = "!has(self.kubeconfigSecret) || has(self.advertisedAddress)",
    message =
        "a Site in another cluster needs advertisedAddress, such as {pod}.eu.example.internal: names by which its nodes are found from everywhere")
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
    @JsonPropertyDescription(
            "An edge site holds copies that do not vote, of the Partitions whose placement names it.")
        @Default("false")
        Boolean edge,
    @JsonPropertyDescription("The volume of each node pod.") @Required Storage storage,
    @JsonPropertyDescription("Requests and limits of each node pod.") @Nullable Resources resources,
    @JsonPropertyDescription("Name of a Secret with a kubeconfig: the pods run in that cluster.")
        @Pattern(Texts.OBJECT_NAME)
        @Size(max = 253)
        @Nullable String kubeconfigSecret,
    @JsonPropertyDescription(
            "Name of each node for nodes of other clusters, and for the operator from there: {pod} first, then labels, with {site} and {namespace} where they are wanted.")
        @Pattern(Texts.ADVERTISED_ADDRESS)
        @Size(max = 200)
        @Nullable String advertisedAddress,
    @JsonPropertyDescription("Certificates; issued by the operator if absent.") @Nullable Tls tls,
    @JsonPropertyDescription(
            "Required: clients log in. Disabled: everybody may read and write everything.")
        @Default("Required")
        Authentication authentication,
    @JsonPropertyDescription(
            "Image of the node container; the operator's choice when absent. Another image restarts the pods one at a time.")
        @Size(min = 1, max = 512)
        @Nullable String image,
    @JsonPropertyDescription(
            "Pods that restart only after approval by the annotation partita.dev/approve.")
        @Default("None")
        Approval restartApproval,
    @JsonPropertyDescription(
            "Replace a node whose volume or server has been lost for so long: 30s, 10m, 2h, or Never.")
        @Default(REPLACE_AFTER_DEFAULT)
        @Pattern(Texts.DURATION_OR_NEVER)
        @Size(max = 6)
        String replaceAfter,
    @JsonPropertyDescription("Leave the Site as it is.") @Default("false") Boolean paused) {

  /// Longer than a server takes to start again, shorter than the next failure usually takes to
  /// come.
  public static final String REPLACE_AFTER_DEFAULT = "10m";

  /// What stands for the name of a pod in `advertisedAddress`.
  public static final String POD = "{pod}";

  /// What `replaceAfter` says when nothing is to be replaced.
  public static final String NEVER = "Never";

  @SuppressWarnings("ConstantValue") // JSON may leave a component out, whatever its type says.
  public SiteSpec {
    zones = zones == null ? List.of() : List.copyOf(zones);
    edge = edge != null && edge;
    authentication = authentication == null ? Authentication.Required : authentication;
    restartApproval = restartApproval == null ? Approval.None : restartApproval;
    replaceAfter = replaceAfter == null ? REPLACE_AFTER_DEFAULT : replaceAfter;
    paused = paused != null && paused;
  }

  /// How its nodes use certificates, said or not.
  @JsonIgnore
  public Tls tlsOrDefault() {
    return tls == null ? Tls.DEFAULT : tls;
  }
}
