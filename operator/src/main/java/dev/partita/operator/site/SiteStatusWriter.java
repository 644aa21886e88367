package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.crd.SiteStatus;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.resource.StatusWrite;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.status.Conditions;
import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.readiness.Readiness;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Writes the status of a Site when it is another than before.
final class SiteStatusWriter {

  private final Transitions transitions;
  private final InstantSource clock;

  SiteStatusWriter(Transitions transitions, InstantSource clock) {
    this.transitions = transitions;
    this.clock = clock;
  }

  /// Writes the status unless it is the same.
  ///
  /// @return whether the Site has changed meanwhile, so that it must be looked at again
  boolean write(
      Site site, List<Pod> pods, Verdict verdict, NodesHeard heard, Context<Site> context) {
    SiteStatus before = site.getStatus();
    long generation = site.getMetadata().getGeneration();
    SiteStatus after =
        new SiteStatus(
            verdict.phase(),
            pods.size(),
            readyNodes(pods, heard),
            selector(site),
            generation,
            Conditions.of(
                verdict, generation, before == null ? null : before.conditions(), clock.instant()));
    if (Objects.equals(before, after)) {
      return false;
    }
    Site applied = new Site();
    applied.setStatus(after);
    boolean changed = StatusWrite.apply(site, applied, context);
    transitions.report(
        site,
        before == null ? null : before.conditions(),
        Objects.requireNonNull(after.conditions()),
        verdict.kind() == Verdict.Kind.STALLED);
    return changed;
  }

  private static int readyNodes(List<Pod> pods, NodesHeard heard) {
    return (int)
        pods.stream()
            .filter(Readiness::isPodReady)
            .filter(pod -> heard.isHeard(pod.getMetadata().getName()))
            .count();
  }

  private static String selector(Site site) {
    return new TreeMap<>(Labels.selector(site.getMetadata().getName()))
        .entrySet().stream()
            .map(label -> label.getKey() + "=" + label.getValue())
            .collect(Collectors.joining(","));
  }
}
