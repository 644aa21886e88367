package dev.partita.operator.cluster;

import dev.partita.crd.Site;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.util.List;

/// The cluster that the resources are in, and the operator.
public record HomeCluster(Context<Site> context) implements SiteCluster {

  @Override
  public KubernetesClient client() {
    return context.getClient();
  }

  @Override
  public <T extends HasMetadata> List<T> objects(Class<T> type) {
    return context.getSecondaryResourcesAsStream(type).toList();
  }

  @Override
  public void apply(HasMetadata desired) {
    context.resourceOperations().serverSideApply(desired);
  }
}
