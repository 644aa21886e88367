package dev.partita.operator.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.placement.EdgePlacement;
import dev.partita.operator.placement.Placement;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// How often the plan of a namespace is made.
class PlansTest {

  private static final int RESOURCES = 1_000;

  private final Plans plans = new Plans();
  private final AtomicInteger made = new AtomicInteger();
  private ClusterView cluster = look();
  private DeclaredSites sites = DeclaredSites.NONE;
  private Set<String> steady = Set.of("1");
  private final List<Partition> resources =
      new ArrayList<>(
          IntStream.range(0, RESOURCES).mapToObj(number -> resource(number, 1)).toList());

  private static ClusterView look() {
    return new ClusterView(
        1, "cluster", "1", List.of(), List.of(), List.of(), List.of(), List.of());
  }

  private static Partition resource(int number, long generation) {
    Partition partition = new Partition();
    partition.setMetadata(
        new ObjectMetaBuilder()
            .withName("p" + number)
            .withUid("uid-" + number)
            .withGeneration(generation)
            .withLabels(Map.of("a", "b"))
            .build());
    return partition;
  }

  /// What all Partitions do when an observation has woken them.
  private void reconcileAll() {
    for (int number = 0; number < RESOURCES; number++) {
      plan();
    }
  }

  private Plan plan() {
    return plans.of("n", Plans.Basis.of(cluster, sites, steady, resources.stream()), this::make);
  }

  private Plan make() {
    made.incrementAndGet();
    return new Plan(
        new Lineage(cluster),
        List.of(),
        DueMerges.NONE,
        new Placement(List.of(), List.of()),
        new EdgePlacement(List.of(), List.of()),
        Optional::empty,
        Optional::empty);
  }

  @Test
  void anObservationIsPlannedOnceHoweverManyPartitionsItWakes() {
    reconcileAll();
    assertThat(made).hasValue(1);
    resources.set(7, resource(7, 1));
    reconcileAll();
    assertThat(made).as("a resource whose status was written").hasValue(1);
  }

  @Test
  void whateverAPlanRestsOnMakesItAnew() {
    plan();
    cluster = look();
    plan();
    assertThat(made).as("a later look at the same state").hasValue(2);
    resources.set(7, resource(7, 2));
    plan();
    assertThat(made).as("another spec").hasValue(3);
    resources.get(8).getMetadata().setAnnotations(Map.of("partita.dev/approve", "x"));
    plan();
    assertThat(made).as("an approval").hasValue(4);
    resources.removeLast();
    plan();
    assertThat(made).as("a resource fewer").hasValue(5);
    sites = new DeclaredSites(Map.of("main", Map.of("tier", "gold")), Set.of());
    plan();
    assertThat(made).as("labels of a Site").hasValue(6);
    steady = Set.of("1", "2");
    plan();
    assertThat(made).as("a node that became steady").hasValue(7);
    plan();
    assertThat(made).hasValue(7);
  }

  @Test
  void namespacesDoNotShareAPlan() {
    Plan one = plan();
    assertThat(
            plans.of(
                "other", Plans.Basis.of(cluster, sites, steady, resources.stream()), this::make))
        .isNotSameAs(one);
  }
}
