package dev.partita.operator.site;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.Bootstrap;
import dev.partita.operator.nodeclient.Endpoint;
import dev.partita.operator.nodeclient.NodeView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Founds the cluster of a namespace exactly once, whatever fails on the way.
///
/// 1. Decide: the first nodes of the Site whose nodes those of all Sites ask for the cluster, once
///    all of them have told their identities.
/// 2. Record the decision in a ConfigMap that is created and never updated. Of several attempts one
///    creates it; the others read it.
/// 3. Tell each recorded member exactly the recorded decision, until every one has the cluster. A
///    node that has it answers as if it had just founded it.
///
/// The record outlives the Sites, as the volumes do. In memory only is which Sites are known to be
/// done, and their clusters: the data plane of a namespace without pods is forgotten, and the next
/// one has to be told again. A Site that is made again, maybe in a namespace that was made again,
/// begins from the record.
final class Founding {

  /// Name of the ConfigMap with the decision.
  static final String RECORD = "partita-cluster";

  private static final String KEY = "bootstrap.json";

  /// A quorum of three survives the loss of one; further nodes join later.
  private static final int MEMBERS_MAX = 3;

  private final ObjectMapper mapper = new ObjectMapper();
  private final KubernetesClient client;
  private final Map<String, String> clusterBySite = new ConcurrentHashMap<>();

  Founding(KubernetesClient client) {
    this.client = client;
  }

  /// Tells the data plane which cluster its nodes belong to, if that is decided: before it hears
  /// where they are, so that it never takes those of another one for its own.
  void identify(Site site, DataPlane dataPlane) {
    String known = clusterBySite.get(site.getMetadata().getUid());
    if (known != null) {
      dataPlane.identify(known);
      return;
    }
    Bootstrap recorded = recorded(site.getMetadata().getNamespace());
    if (recorded != null) {
      dataPlane.identify(recorded.clusterId());
    }
  }

  /// Takes the founding as far as it goes now.
  ///
  /// @param asked the Site whose nodes all nodes ask for the cluster
  /// @return what there is still to wait for, nothing when every founder has the cluster
  Optional<Verdict> advance(Site site, Site asked, List<Endpoint> endpoints, DataPlane dataPlane) {
    if (clusterBySite.containsKey(site.getMetadata().getUid())) {
      return Optional.empty();
    }
    Bootstrap recorded = recorded(site.getMetadata().getNamespace());
    if (recorded == null) {
      if (dataPlane.view().isPresent()) {
        return Optional.empty();
      }
      return decide(site, asked, endpoints, dataPlane);
    }
    return execute(recorded, site, endpoints, dataPlane);
  }

  private @Nullable Bootstrap recorded(String namespace) {
    ConfigMap map = client.configMaps().inNamespace(namespace).withName(RECORD).get();
    if (map == null) {
      return null;
    }
    try {
      return mapper.readValue(map.getData().get(KEY), Bootstrap.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("ConfigMap " + RECORD + " was changed by somebody else", e);
    }
  }

  private Optional<Verdict> decide(
      Site site, Site asked, List<Endpoint> endpoints, DataPlane dataPlane) {
    if (site.getSpec().edge()) {
      return waiting("an edge Site joins a cluster that another Site has founded");
    }
    if (!asked.getMetadata().getUid().equals(site.getMetadata().getUid())) {
      return waiting(
          "Site %s founds the cluster: its nodes are those that all nodes ask"
              .formatted(asked.getMetadata().getName()));
    }
    List<Bootstrap.Member> members = new ArrayList<>();
    for (int ordinal = 0; ordinal < founders(site); ordinal++) {
      String name = PodNames.of(site.getMetadata().getName(), ordinal);
      Optional<NodeView> node = ask(name, endpoints, dataPlane);
      if (node.isEmpty()) {
        return waiting("pod " + name + " has not started yet");
      }
      if (node.get().clusterId() != null) {
        return waiting(
            "pod " + name + " already belongs to a cluster; its nodes have to find each other");
      }
      members.add(new Bootstrap.Member(node.get().nodeId(), name, node.get().peerAddress()));
    }
    Bootstrap decision = new Bootstrap(site.getMetadata().getUid(), members);
    Bootstrap recorded =
        record(site, decision) ? decision : recorded(site.getMetadata().getNamespace());
    return recorded == null
        ? waiting("the decision was recorded by somebody else and is gone again")
        : execute(recorded, site, endpoints, dataPlane);
  }

  /// An odd number: an even one needs one more for its quorum and survives no more.
  private static int founders(Site site) {
    return site.getSpec().nodes() >= MEMBERS_MAX ? MEMBERS_MAX : 1;
  }

  /// @return false when there is a record already
  private boolean record(Site site, Bootstrap decision) {
    try {
      client
          .resource(
              new ConfigMapBuilder()
                  .withNewMetadata()
                  .withName(RECORD)
                  .withNamespace(site.getMetadata().getNamespace())
                  .addToLabels("app.kubernetes.io/name", "partita")
                  .addToLabels("app.kubernetes.io/managed-by", "partita-operator")
                  .endMetadata()
                  .withData(Map.of(KEY, mapper.writeValueAsString(decision)))
                  .build())
          .create();
      return true;
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of strings is always JSON", e);
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        return false;
      }
      throw e;
    }
  }

  private Optional<Verdict> execute(
      Bootstrap recorded, Site site, List<Endpoint> endpoints, DataPlane dataPlane) {
    dataPlane.identify(recorded.clusterId());
    String siteName = site.getMetadata().getName();
    List<String> waiting = new ArrayList<>();
    List<String> lost = new ArrayList<>();
    for (Bootstrap.Member member : recorded.members()) {
      if (PodNames.ordinal(siteName, member.name()).isEmpty()) {
        return done(site, recorded); // what another Site founds, that Site waits for
      }
      Optional<NodeView> node = ask(member.name(), endpoints, dataPlane);
      if (node.isEmpty()) {
        waiting.add(member.name());
      } else if (node.get().clusterId() == null && !node.get().nodeId().equals(member.nodeId())) {
        lost.add(member.name());
      } else if (node.get().clusterId() == null && !tell(member, recorded, endpoints, dataPlane)) {
        waiting.add(member.name());
      }
    }
    if (waiting.isEmpty() && (lost.isEmpty() || dataPlane.view().isPresent())) {
      return done(site, recorded);
    }
    if (lost.size() * 2 > recorded.members().size()) {
      return Optional.of(
          Verdict.stalled(
              "FoundersLost",
              "the volumes of "
                  + String.join(", ", lost)
                  + " were lost before the cluster was founded: if its data is really gone, delete ConfigMap "
                  + RECORD));
    }
    return waiting("founding the cluster: waiting for " + String.join(", ", waiting));
  }

  private Optional<Verdict> done(Site site, Bootstrap recorded) {
    clusterBySite.put(site.getMetadata().getUid(), recorded.clusterId());
    return Optional.empty();
  }

  private boolean tell(
      Bootstrap.Member member, Bootstrap recorded, List<Endpoint> endpoints, DataPlane dataPlane) {
    return endpoint(member.name(), endpoints)
        .map(each -> dataPlane.askNode(each, (admin, at) -> admin.bootstrap(at, recorded)))
        .map(answer -> answer instanceof Answer.Done)
        .orElse(false);
  }

  private static Optional<NodeView> ask(
      String name, List<Endpoint> endpoints, DataPlane dataPlane) {
    return endpoint(name, endpoints)
        .map(each -> dataPlane.askNode(each, (admin, at) -> admin.node(at)))
        .flatMap(answer ->
            answer instanceof Answer.Done<NodeView>(NodeView node)
                ? Optional.of(node)
                : Optional.empty());
  }

  private static Optional<Endpoint> endpoint(String name, List<Endpoint> endpoints) {
    return endpoints.stream().filter(each -> each.node().equals(name)).findFirst();
  }

  private static Optional<Verdict> waiting(String message) {
    return Optional.of(Verdict.reconciling("Bootstrapping", "Founding", message));
  }
}
