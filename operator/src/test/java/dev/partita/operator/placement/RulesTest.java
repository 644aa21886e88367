package dev.partita.operator.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Location;
import dev.partita.crd.SiteSelector;
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
    return new Location(null, null, null, region, null);
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

  @Test
  void aShareGivesUpItsNodeWhereAnotherHasNoOther() {
    // Both shares have nodes in region b, and one of them has no others.
    List<Server> servers =
        List.of(
            at("a1", "aws", "a", "1"),
            new Server("b1", new Place("first", "aws", "b", "1"), false, true, true),
            new Server("b2", new Place("second", "aws", "b", "1"), false, true, true),
            at("c1", "aws", "c", "1"));
    List<Share> shares =
        List.of(
            Share.selected("x", List.of("first", "s-a", "s-c"), 2),
            Share.selected("y", List.of("second"), 1));
    for (List<String> current : List.of(List.<String>of(), List.of("b1", "a1", "c1"))) {
      Demand demand = Demand.of("p", 3, shares, survive(Survive.Region), current);
      Placement placement = placement(servers, demand);
      if (current.isEmpty()) {
        assertThat(((Step.Create) placement.create("p")).nodes())
            .containsExactlyInAnyOrder("a1", "b2", "c1");
      } else {
        assertThat(placement.repair("p")).isEqualTo(new Step.Move("p", "b1", "b2"));
      }
    }
  }

  @Test
  void sharesThatCannotBeMetAreRefusedWithTheReason() {
    assertThat(refusal(Share.selected("tier=gold", List.of("s-a", "s-b"), 2), Share.of("s-b", 1)))
        .contains("Site s-b belongs to two entries", "the Sites with tier=gold and Site s-b");
    assertThat(refusal(Share.selected("tier=lead", List.of(), 3)))
        .contains("3 replicas on the Sites with tier=lead, and there are none: label a Site");
    assertThat(refusal(Share.selected("tier=gold", List.of("s-b"), 3)))
        .contains("3 replicas are wanted on different nodes of the Sites with tier=gold", "only 1");
  }

  private static String refusal(Share... shares) {
    Demand demand = Demand.of("p", 3, List.of(shares), Rules.NONE, List.of());
    return ((Step.Impossible) placement(TWO_REGIONS, demand).create("p")).message();
  }

  @Test
  void theLeadersPlaceGetsAReplicaWithinItsShare() {
    Demand demand =
        Demand.of(
            "p",
            3,
            List.of(Share.selected("x", List.of("s-a"), 2), Share.of("s-b", 1)),
            leader(new Location(null, null, null, "a", "3")),
            List.of("a1", "a2", "b1"));
    assertThat(placement(TWO_REGIONS, demand).repair("p"))
        .isInstanceOfSatisfying(
            Step.Move.class,
            move -> {
              assertThat(move.add()).isEqualTo("a3");
              assertThat(move.remove()).isNotEqualTo("b1");
            });
  }

  /// Random nodes in clouds, regions and zones, and demands with random shares and rules. Whatever
  /// is done, no replica comes where it may not be; it ends; and then each demand is met, or no
  /// choice of nodes could meet it.
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
              new Place(
                  "s" + region, "c" + region % 3, "r" + region, zone, Map.of("tier", tier(region))),
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
              : List.of(
                  region("r" + random.nextInt(5)), random.nextBoolean() ? GOLD : region("r3"));
      @Nullable Location leader =
          random.nextBoolean()
              ? null
              : random.nextInt(3) == 0 ? GOLD : region("r" + random.nextInt(5));
      Rules rules = new Rules(survive, leader, residency);
      List<String> current = new ArrayList<>();
      for (int node = 0; node < random.nextInt(5); node++) {
        current.add("n" + (i + node) % servers.size());
      }
      demands.put("p" + i, Demand.of("p" + i, replicas, shares(replicas, random), rules, current));
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
            assertThat(isMet(demand, places))
                .as("seed %d: %s at %s", seed, demand, places)
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

  private static final Location GOLD =
      new Location(null, new SiteSelector(Map.of("tier", "gold"), List.of()), null, null, null);

  private static String tier(int region) {
    return region % 2 == 0 ? "gold" : "silver";
  }

  /// None, or two over the five Sites.
  private static List<Share> shares(int replicas, Random random) {
    if (random.nextBoolean()) {
      return List.of();
    }
    Map<Boolean, List<String>> sites =
        IntStream.range(0, 5)
            .mapToObj(site -> "s" + site)
            .collect(Collectors.partitioningBy(_ -> random.nextBoolean()));
    int first = 1 + random.nextInt(replicas - 1);
    return List.of(
        Share.selected("one", Objects.requireNonNull(sites.get(true)), first),
        Share.selected("other", Objects.requireNonNull(sites.get(false)), replicas - first));
  }

  private static boolean isMet(Demand demand, List<Place> places) {
    return demand.rules().areMet(places, demand.replicas())
        && demand.shares().stream()
            .allMatch(share ->
                places.stream().filter(place -> share.has(place.site())).count()
                    == share.replicas());
  }

  /// Whether any choice of nodes meets a demand: all of them are tried.
  private static boolean isPossible(Demand demand, List<Server> servers) {
    List<Place> places = servers.stream().filter(Server::accepts).map(Server::place).toList();
    return IntStream.range(0, 1 << places.size())
        .filter(choice -> Integer.bitCount(choice) == demand.replicas())
        .anyMatch(choice ->
            isMet(
                demand,
                IntStream.range(0, places.size())
                    .filter(index -> (choice & 1 << index) != 0)
                    .mapToObj(places::get)
                    .toList()));
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
        subject, Demand.of(subject, before.replicas(), before.shares(), before.rules(), nodes));
  }
}
