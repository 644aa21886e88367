package dev.partita.operator.request;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.crd.ApiNames;
import dev.partita.crd.Index;
import dev.partita.crd.IndexSpec;
import dev.partita.crd.Partition;
import dev.partita.crd.PartitionSpec;
import dev.partita.crd.Site;
import dev.partita.operator.index.IndexResidency;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.RequestAnswer;
import dev.partita.operator.nodeclient.RequestView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.observation.DataPlanes;
import dev.partita.operator.partition.PlacementCheck;
import dev.partita.operator.resource.Labels;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FieldValidateable;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.net.HttpURLConnection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Turns the requests in the catalog into custom resources, and tells the nodes what came of each.
///
/// Runs on the polling thread of each namespace. A resource remembers the request that made it, so
/// a request that was carried out by an operator which then died is recognised and answered, not
/// carried out twice.
public final class RequestAnswerer implements DataPlanes.Listener {

  /// Annotation with the id of the request that made a resource.
  static final String REQUEST_ANNOTATION = "partita.dev/request";

  private static final Logger LOG = LoggerFactory.getLogger(RequestAnswerer.class);
  private static final String PARTITION = "Partition";
  private static final Map<String, Class<? extends HasMetadata>> KINDS =
      Map.of(PARTITION, Partition.class, "Index", Index.class);

  private final ObjectMapper mapper = new ObjectMapper();
  private final KubernetesClient client;

  public RequestAnswerer(KubernetesClient client) {
    this.client = client;
  }

  @Override
  public void observed(DataPlane dataPlane, ClusterView view) {
    view.requests().forEach(request -> answer(request, view, dataPlane));
  }

  private void answer(RequestView request, ClusterView view, DataPlane dataPlane) {
    Optional<RequestAnswer> answer = carryOut(request, view, dataPlane.namespace());
    answer.ifPresent(
        decided -> dataPlane.ask((admin, at) -> admin.answerRequest(at, request.id(), decided)));
  }

  /// @return nothing when the API server cannot tell now; the request stays for the next poll
  private Optional<RequestAnswer> carryOut(
      RequestView request, ClusterView view, String namespace) {
    Class<? extends HasMetadata> kind = KINDS.get(request.kind());
    if (kind == null) {
      return Optional.of(RequestAnswer.refused("there is no resource of kind " + request.kind()));
    }
    ResourceDefinitionContext type = ResourceDefinitionContext.fromResourceType(kind);
    try {
      return Optional.of(
          switch (request.action()) {
            case CREATE -> create(request, type, view, namespace);
            case DELETE -> delete(request, type, namespace);
          });
    } catch (KubernetesClientException e) {
      if (isRefusal(e.getCode())) {
        return Optional.of(RequestAnswer.refused(reason(e)));
      }
      LOG.warn(
          "request {} for {} {} waits for the API server",
          request.id(),
          request.kind(),
          request.name(),
          e);
      return Optional.empty();
    }
  }

  /// The Kubernetes API judges first, without making anything: only what is well-formed can be
  /// placed, even in thought.
  private RequestAnswer create(
      RequestView request, ResourceDefinitionContext type, ClusterView view, String namespace) {
    GenericKubernetesResource resource = new GenericKubernetesResource();
    resource.setApiVersion(type.getGroup() + "/" + type.getVersion());
    resource.setKind(request.kind());
    resource.setMetadata(metadata(request, namespace));
    resource.setAdditionalProperty(
        "spec", mapper.convertValue(request.spec(), new TypeReference<Map<String, Object>>() {}));
    var wanted = client.genericKubernetesResources(type).inNamespace(namespace).resource(resource);
    try {
      wanted.dryRun().fieldValidation(FieldValidateable.Validation.STRICT).create();
      Optional<String> obstacle =
          request.kind().equals(PARTITION)
              ? obstacle(request, view, namespace)
              : indexObstacle(request, namespace);
      if (obstacle.isPresent()) {
        return RequestAnswer.refused(obstacle.get());
      }
      wanted.fieldValidation(FieldValidateable.Validation.STRICT).create();
      return RequestAnswer.accepted();
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        return existing(request, type, namespace);
      }
      throw e;
    }
  }

  /// Why a Partition cannot be where it shall be. Its resource would wait for nodes to come; a
  /// client waits for an answer.
  private Optional<String> obstacle(RequestView request, ClusterView view, String namespace) {
    Partition partition = new Partition();
    partition.setMetadata(metadata(request, namespace));
    partition.setSpec(mapper.convertValue(request.spec(), PartitionSpec.class));
    List<Site> sites = client.resources(Site.class).inNamespace(namespace).list().getItems();
    return PlacementCheck.obstacle(partition, view, sites);
  }

  /// Why an Index cannot be. Its resource would wait for somebody to change Partitions.
  private Optional<String> indexObstacle(RequestView request, String namespace) {
    return IndexResidency.obstacle(
        mapper.convertValue(request.spec(), IndexSpec.class),
        client.resources(Partition.class).inNamespace(namespace).list().getItems());
  }

  private RequestAnswer existing(
      RequestView request, ResourceDefinitionContext type, String namespace) {
    String name = ApiNames.toKubernetesName(request.name());
    GenericKubernetesResource existing =
        client.genericKubernetesResources(type).inNamespace(namespace).withName(name).get();
    boolean ours =
        existing != null
            && existing.getMetadata().getAnnotations() != null
            && request.id().equals(existing.getMetadata().getAnnotations().get(REQUEST_ANNOTATION));
    return ours
        ? RequestAnswer.accepted()
        : RequestAnswer.refused(request.kind() + " " + request.name() + " exists already");
  }

  /// What is gone already was deleted by an earlier attempt, or by somebody who wanted the same.
  private RequestAnswer delete(
      RequestView request, ResourceDefinitionContext type, String namespace) {
    Resource<GenericKubernetesResource> resource =
        client
            .genericKubernetesResources(type)
            .inNamespace(namespace)
            .withName(ApiNames.toKubernetesName(request.name()));
    GenericKubernetesResource existing = resource.get();
    String parent =
        existing == null || existing.getMetadata().getLabels() == null
            ? null
            : existing.getMetadata().getLabels().get(Labels.PARENT);
    if (parent != null) {
      return RequestAnswer.refused(
          "Partition %s is a part of Partition %s, which was split: its rows go with that"
              .formatted(request.name(), parent));
    }
    resource.delete();
    return RequestAnswer.accepted();
  }

  private static ObjectMeta metadata(RequestView request, String namespace) {
    String name = ApiNames.toKubernetesName(request.name());
    ObjectMetaBuilder metadata =
        new ObjectMetaBuilder()
            .withName(name)
            .withNamespace(namespace)
            .addToLabels("app.kubernetes.io/managed-by", "partita-operator")
            .addToAnnotations(REQUEST_ANNOTATION, request.id());
    return name.equals(request.name())
        ? metadata.build()
        : metadata.addToAnnotations(ApiNames.ORIGINAL_NAME_ANNOTATION, request.name()).build();
  }

  private static boolean isRefusal(int code) {
    return code >= HttpURLConnection.HTTP_BAD_REQUEST
        && code < HttpURLConnection.HTTP_INTERNAL_ERROR
        && code != HttpURLConnection.HTTP_UNAUTHORIZED
        && code != HttpURLConnection.HTTP_FORBIDDEN
        && code != HttpURLConnection.HTTP_NOT_FOUND
        && code != HttpURLConnection.HTTP_CLIENT_TIMEOUT
        && code != 429;
  }

  /// The API server's own sentence, which names the rule that was broken.
  private static String reason(KubernetesClientException e) {
    return e.getStatus() != null && e.getStatus().getMessage() != null
        ? e.getStatus().getMessage()
        : String.valueOf(e.getMessage());
  }
}
