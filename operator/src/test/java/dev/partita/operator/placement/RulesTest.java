package dev.partita.operator.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Location;
import dev.partita.crd.Survive;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Survival, residency and the leader's place.
class RulesTest {

  private static final int STEPS_MAX = 2_000;

  private static final List<Survive> KINDS = List.of(Survive.Zone, Survive.Region, Survive.Cloud);

  private static Server at(String id, String cloud, String region, String zone) {
    return new Server(id, new Place("s-" + region, cloud, region, zone), false, true, true);
  }

  private static Rules survive(Survive kind) {
    return new Rules(kind, null, List.of());
  }

  private static Rules leader(Location location) {
    return new Rules(null, location, List.of());
  }

  private static Location region(String region) {
    return new Location(null, null, region, null);
  }

  private static Placement placement(List<Server> servers, Demand... demands) {
    return new Placement(servers, List.of(demands));
  }

  private static final List<Server> TWO_REGIONS =
      List.of(
          at("a1", "aws", "a", "1"),
          at("a2", "aws", "a", "2"),
          at("a3", "aws", "a", "3"),
          at("b1", "aws", "b", "1"));

  @Test
  void whatCannotSurviveIsRefusedWithTheReasonBeforeAnythingMoves() {
    Demand fresh = Demand.of("p", 3, Map.of(), survive(Survive.Region), List.of());
    Demand standing =
        Demand.of("p", 3, Map.of(), survive(Survive.Region), List.of("a1", "a2", "a3"));
    for (Step step :
        List.of(
            placement(TWO_REGIONS, fresh).create("p"),
            placement(TWO_REGIONS, standing).repair("p"))) {
      assertThat(step)
          .isInstanceOfSatisfying(
              Step.Impossible.class,
              impossible ->
                  assertThat(impossible.message())
                      .contains(
                          "survive: Region allows at most 1 of 3 replicas in one region",
                          "2 (aws/a, aws/b)",
                          "add a Site in another region"));
    }
  }

  @Test
  void aGoalThatCanBeMetIsReachedStepByStep() {
    List<Server> servers = new ArrayList<>(TWO_REGIONS);
    servers.add(at("c1", "gcp", "c", "1"));
    Demand demand = Demand.of("p", 3, Map.of(), survive(Survive.Region), List.of("a1", "a2", "a3"));
    Step first = placement(servers, demand).repair("p");
    assertThat(first).isInstanceOf(Step.Move.class);
    List<String> nodes = new ArrayList<>(List.of("a1", "a2", "a3"));
    for (int step = 0; step < 2; step++) {
      Step.Move move =
          (Step.Move)
              placement(servers, Demand.of("p", 3, Map.of(), survive(Survive.Region), nodes))
                  .repair("p");
      nodes.remove(move.remove());
      nodes.add(Objects.requireNonNull(move.add()));
    }
    assertThat(nodes).contains("b1", "c1");
    assertThat(
            placement(servers, Demand.of("p", 3, Map.of(), survive(Survive.Region), nodes))
                .repair("p"))
        .isEqualTo(new Step.Settled());
  }

  @Test
  void nodesThatDoNotTellTheirDomainDoNotCount() {
    List<Server> servers =
        List.of(at("a1", "", "a", ""), at("b1", "", "b", ""), at("c1", "", "c", ""));
    assertThat(
            placement(servers, Demand.of("p", 3, Map.of(), survive(Survive.Cloud), List.of()))
                .create("p"))
        .isInstanceOfSatisfying(
            Step.Impossible.class,
            impossible -> assertThat(impossible.message()).contains("no cloud"));
    assertThat(
            placement(servers, Demand.of("p", 3, Map.of(), survive(Survive.Region), List.of()))
                .create("p"))
        .isInstanceOf(Step.Create.class);
  }

  @Test
  void whatCannotBeMetHoldsNobodyElseUp() {
    Demand impossible =
        Demand.of("i", 3, Map.of(), survive(Survive.Region), List.of("a1", "a2", "a3"));
    Placement placement =
        placement(
            TWO_REGIONS,
            impossible,
            Demand.of("p", 1, Map.of(), List.of("a1")),
            Demand.of("q", 1, Map.of(), List.of("a1")));
    assertThat(placement.rebalance())
        .hasValueSatisfying(move -> {
          assertThat(move.partition()).isNotEqualTo("i");
          assertThat(move.add()).isEqualTo("b1");
        });
  }

  @Test
  void dataLeavesAPlaceWhereItMayNotBe() {
    Rules rules = new Rules(null, null, List.of(region("a")));
    assertThat(
            placement(TWO_REGIONS, Demand.of("p", 3, Map.of(), rules, List.of("a1", "a2", "b1")))
                .repair("p"))
        .isEqualTo(new Step.Move("p", "b1", "a3"));
    assertThat(placement(TWO_REGIONS, Demand.of("p", 5, Map.of(), rules, List.of())).create("p"))
        .isInstanceOfSatisfying(
            Step.Impossible.class,
            message -> assertThat(message.message()).contains("spec.residency allows 3 nodes"));
  }

  @Test
  void theLeadersPlaceGetsAReplicaWhichComesFirst() {
    Rules rules = leader(region("b"));
    assertThat(
            ((Step.Create)
                    placement(TWO_REGIONS, Demand.of("p", 3, Map.of(), rules, List.of()))
                        .create("p"))
                .nodes()
                .getFirst())
        .isEqualTo("b1");
    Step.Move move =
        (Step.Move)
            placement(TWO_REGIONS, Demand.of("p", 3, Map.of(), rules, List.of("a1", "a2", "a3")))
                .repair("p");
    assertThat(move.add()).isEqualTo("b1");
    List<String> moved = new ArrayList<>(List.of("a1", "a2", "a3", "b1"));
    moved.remove(move.remove());
    assertThat(placement(TWO_REGIONS, Demand.of("p", 3, Map.of(), rules, moved)).repair("p"))
        .isEqualTo(new Step.Settled());
  }

  /// Random nodes in clouds, regions and zones, and demands with random rules. Whatever is done, no
  /// replica comes where it may not be; it ends; and then each demand is met, or no choice of nodes
  /// could meet it.
  @ParameterizedTest
  @MethodSource("seeds")
  void rulesAreKeptAtEveryStepAndMetWhereTheyCanBe(long seed) {
    Random random = new Random(seed);
    List<Server> servers = new ArrayList<>();
    for (int i = 0; i < 4 + random.nextInt(9); i++) {
      int region = random.nextInt(5);
      String zone = random.nextInt(8) == 0 ? "" : "z" + random.nextInt(3);
      boolean keeps = random.nextInt(6) > 0;
      servers.add(
          new Server(
              "n" + i,
              new Place("s" + region, "c" + region % 3, "r" + region, zone),
              false,
              keeps,
              keeps));
    }
    Map<String, Demand> demands = new TreeMap<>();
    for (int i = 0; i < 1 + random.nextInt(6); i++) {
      int replicas = random.nextBoolean() ? 3 : 5;
      @Nullable Survive survive = random.nextBoolean() ? null : KINDS.get(random.nextInt(3));
      List<Location> residency =
          random.nextInt(3) > 0
              ? List.of()
              : List.of(region("r" + random.nextInt(5)), region("r" + random.nextInt(5)));
      @Nullable Location leader = random.nextBoolean() ? null : region("r" + random.nextInt(5));
      Rules rules = new Rules(survive, leader, residency);
      List<String> current = new ArrayList<>();
      for (int node = 0; node < random.nextInt(5); node++) {
        current.add("n" + (i + node) % servers.size());
      }
      demands.put("p" + i, Demand.of("p" + i, replicas, Map.of(), rules, current));
    }

    int steps = settle(servers, demands);

    assertThat(steps).as("seed %d", seed).isLessThan(STEPS_MAX);
    Map<String, Server> byId =
        servers.stream().collect(Collectors.toMap(Server::nodeId, Function.identity()));
    demands
        .values()
        .forEach(demand -> {
          if (isPossible(demand, servers)) {
            assertThat(demand.current()).as("seed %d", seed).hasSize(demand.replicas());
            List<Place> places =
                demand.current().stream()
                    .map(node -> Objects.requireNonNull(byId.get(node)).place())
                    .toList();
            assertThat(demand.rules().areMet(places, demand.replicas()))
                .as("seed %d: %s at %s", seed, demand.rules(), places)
                .isTrue();
          } else {
            Placement placement = new Placement(servers, List.copyOf(demands.values()));
            assertThat(next(placement, demand))
                .as("seed %d", seed)
                .isInstanceOf(Step.Impossible.class);
          }
        });
  }

  static Stream<Long> seeds() {
    return IntStream.range(0, Integer.getInteger("partita.seeds", 200)).mapToObj(Long::valueOf);
  }

  /// Whether any choice of nodes meets a demand: each domain gives as many as it has, up to the
  /// most that it may.
  private static boolean isPossible(Demand demand, List<Server> servers) {
    Rules rules = demand.rules();
    Map<String, Long> byDomain =
        servers.stream()
            .filter(Server::accepts)
            .map(Server::place)
            .filter(place -> rules.allows(place) && rules.isKnown(place))
            .collect(Collectors.groupingBy(rules::domain, Collectors.counting()));
    return byDomain.values().stream()
            .mapToLong(count -> Math.min(count, rules.mostInDomain(demand.replicas())))
            .sum()
        >= demand.replicas();
  }

  private static Step next(Placement placement, Demand demand) {
    return demand.current().isEmpty()
        ? placement.create(demand.partition())
        : placement.repair(demand.partition());
  }

  private static int settle(List<Server> servers, Map<String, Demand> demands) {
    int steps = 0;
    boolean changed = true;
    while (changed && steps < STEPS_MAX) {
      changed = false;
      for (String name : List.copyOf(demands.keySet())) {
        Placement placement = new Placement(servers, List.copyOf(demands.values()));
        Step step = next(placement, Objects.requireNonNull(demands.get(name)));
        if (step instanceof Step.Settled) {
          step = placement.rebalance().<Step>map(move -> move).orElse(step);
        }
        if (step instanceof Step.Create || step instanceof Step.Move) {
          apply(step, name, servers, demands);
          changed = true;
          steps++;
        }
      }
    }
    return steps;
  }

  private static void apply(
      Step step, String name, List<Server> servers, Map<String, Demand> demands) {
    String subject = step instanceof Step.Move(String partition, var _, var _) ? partition : name;
    Demand before = Objects.requireNonNull(demands.get(subject));
    List<String> nodes = new ArrayList<>(before.current());
    List<String> added = new ArrayList<>();
    switch (step) {
      case Step.Create(List<String> created) -> added.addAll(created);
      case Step.Move(var _, String remove, String add) -> {
        nodes.remove(remove);
        if (add != null) {
          added.add(add);
        }
      }
      case Step.Settled _, Step.Impossible _ -> throw new AssertionError(step);
    }
    assertThat(added)
        .allSatisfy(node ->
            assertThat(servers)
                .filteredOn(server -> server.nodeId().equals(node))
                .allMatch(server -> before.rules().allows(server.place())));
    nodes.addAll(added);
    demands.put(
        subject, Demand.of(subject, before.replicas(), before.bySite(), before.rules(), nodes));
  }
}
