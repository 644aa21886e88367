package dev.partita.operator.site;

import dev.partita.operator.certificate.Certificates;
import dev.partita.operator.cluster.OtherClusters;
import dev.partita.operator.resource.Backoff;
import dev.partita.operator.resource.Looks;
import dev.partita.operator.resource.Transitions;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.InstantSource;

/// What the steps of the Site reconciler need of the world.
public record SiteCollaborators(
    KubernetesClient client,
    Transitions transitions,
    Backoff backoff,
    InstantSource clock,
    Certificates certificates,
    OtherClusters clusters,
    Looks looks) {}
