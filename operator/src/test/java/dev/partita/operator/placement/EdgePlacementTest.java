package dev.partita.operator.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Location;
import dev.partita.operator.placement.EdgePlacement.Copies;
import dev.partita.operator.placement.EdgePlacement.Copy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EdgePlacementTest {

  private final List<Server> servers = new ArrayList<>();
  private final List<Copies> partitions = new ArrayList<>();
  private Rules rules = Rules.NONE;
  private List<String> unmatched = List.of();

  private void server(String node, boolean keeps, boolean accepts) {
    servers.add(
        new Server(node, new Place(node.substring(0, 1), "", "", ""), true, keeps, accepts));
  }

  private void partition(String name, Set<String> sites, Copy... current) {
    partitions.add(
        new Copies(name, new TreeSet<>(sites), unmatched, rules, List.of(current), false));
  }

  private static Copy copy(String node) {
    return new Copy(node, true);
  }

  private static Copy behind(String node) {
    return new Copy(node, false);
  }

  private Step next(String partition) {
    return new EdgePlacement(servers, partitions).next(partition);
  }

  private static Step add(String node) {
    return new Step.Move("p", null, node);
  }

  private static Step remove(String node) {
    return new Step.Move("p", node, null);
  }

  @Test
  void aCopyIsMadeOnTheLeastLoadedNodeOfEachSite() {
    server("a1", true, true);
    server("a2", true, true);
    server("b1", true, true);
    partition("other", Set.of("a"), copy("a1"));
    partition("p", Set.of("a", "b"));
    assertThat(next("p")).isEqualTo(add("a2"));
    partitions.removeLast();
    partition("p", Set.of("a", "b"), copy("a2"));
    assertThat(next("p")).isEqualTo(add("b1"));
    partitions.removeLast();
    partition("p", Set.of("a", "b"), copy("a2"), copy("b1"));
    assertThat(next("p")).isEqualTo(new Step.Settled());
  }

  @Test
  void nothingIsAtTheEdgeThatNobodyHasAskedFor() {
    server("a1", true, true);
    partition("p", Set.of());
    assertThat(next("p")).isEqualTo(new Step.Settled());
    partitions.removeLast();
    partition("p", Set.of(), copy("a1"));
    assertThat(next("p")).isEqualTo(remove("a1"));
  }

  @Test
  void aCopyStaysWhileItsNodeComesAndGoes() {
    server("a1", true, false);
    server("a2", true, true);
    partition("p", Set.of("a"), behind("a1"));
    assertThat(next("p")).isEqualTo(new Step.Settled());
  }

  @Test
  void aSiteThatIsNotSteadyHoldsNoOtherUp() {
    server("a1", true, false);
    server("b1", true, true);
    partition("p", Set.of("a", "b"));
    assertThat(next("p")).isEqualTo(add("b1"));
    partitions.removeLast();
    partition("p", Set.of("a", "b"), copy("b1"));
    assertThat(next("p"))
        .isInstanceOfSatisfying(
            Step.Impossible.class,
            impossible -> assertThat(impossible.message()).contains("Site a", "steadily"));
  }

  @Test
  void aCopyLeavesANodeThatDoesNotKeepItWhenAnotherHasCaughtUp() {
    server("a1", false, false);
    server("a2", true, true);
    partition("p", Set.of("a"), copy("a1"));
    assertThat(next("p")).isEqualTo(add("a2"));
    partitions.removeLast();
    partition("p", Set.of("a"), copy("a1"), behind("a2"));
    assertThat(next("p")).isEqualTo(new Step.Settled());
    partitions.removeLast();
    partition("p", Set.of("a"), copy("a1"), copy("a2"));
    assertThat(next("p")).isEqualTo(remove("a1"));
  }

  @Test
  void aCopyLeavesALeavingNodeThoughNobodyTakesIt() {
    server("a1", false, false);
    partition("p", Set.of("a"), copy("a1"));
    assertThat(next("p")).isEqualTo(remove("a1"));
  }

  @Test
  void ofTwoCopiesTheOneThatIsBehindGoes() {
    server("a1", true, true);
    server("a2", true, true);
    partition("p", Set.of("a"), behind("a1"), copy("a2"));
    assertThat(next("p")).isEqualTo(remove("a1"));
  }

  @Test
  void fewCatchUpAtATime() {
    server("a1", true, true);
    IntStream.range(0, EdgePlacement.CATCHING_UP_MAX)
        .forEach(number -> partition("other" + number, Set.of("a"), behind("a1")));
    partition("p", Set.of("a"));
    assertThat(next("p")).isEqualTo(new Step.Settled());
    partitions.removeFirst();
    assertThat(next("p")).isEqualTo(add("a1"));
  }

  @Test
  void whatCannotBeSaysWhy() {
    servers.add(new Server("c1", "c", "", true, true));
    partition("p", Set.of("c"));
    assertThat(next("p"))
        .isInstanceOfSatisfying(
            Step.Impossible.class,
            impossible ->
                assertThat(impossible.message()).contains("Site c is no edge Site", "how many"));
    partition("q", Set.of("nowhere"));
    assertThat(next("q"))
        .isInstanceOfSatisfying(
            Step.Impossible.class,
            impossible -> assertThat(impossible.message()).contains("nowhere has no nodes"));
  }

  @Test
  void labelsThatNoEdgeSiteHasAreToldAndHoldNothingUp() {
    server("a1", true, true);
    unmatched = List.of("tier=shop");
    partition("p", Set.of("a"));
    assertThat(next("p")).isEqualTo(add("a1"));
    partitions.removeLast();
    partition("p", Set.of("a"), copy("a1"));
    assertThat(next("p"))
        .isInstanceOfSatisfying(
            Step.Impossible.class,
            impossible ->
                assertThat(impossible.message())
                    .contains("the edge Sites with tier=shop, and there are none"));
  }

  @Test
  void residencyConcernsCopiesToo() {
    server("a1", true, true);
    server("b1", true, true);
    rules = new Rules(null, null, List.of(new Location("b", null, null, null, null)));
    partition("p", Set.of("a", "b"), copy("a1"));
    assertThat(next("p")).isEqualTo(remove("a1"));
    partitions.removeLast();
    partition("p", Set.of("a", "b"), copy("b1"));
    assertThat(next("p"))
        .isInstanceOfSatisfying(
            Step.Impossible.class,
            impossible -> assertThat(impossible.message()).contains("residency", "edge Site a"));
  }

  @Test
  void whatIsLeftAloneStays() {
    server("a1", true, true);
    partitions.add(new Copies("p", new TreeSet<>(), List.of(), rules, List.of(copy("a1")), true));
    assertThat(next("p")).isEqualTo(new Step.Settled());
  }

  @Test
  void replicasThatVoteAreNeverAtTheEdge() {
    Placement placement =
        new Placement(
            List.of(
                new Server("c1", "c", "", true, true),
                new Server("a1", new Place("a", "", "", ""), true, true, true),
                new Server("a2", new Place("a", "", "", ""), true, true, true)),
            List.of(
                Demand.of("spread", 3, Map.of(), List.of()),
                Demand.of("named", 1, Map.of("a", 1), List.of()),
                Demand.of("became", 1, Map.of(), List.of("a1"))));
    assertThat(placement.create("spread"))
        .isInstanceOfSatisfying(
            Step.Impossible.class,
            impossible -> assertThat(impossible.message()).contains("only 1"));
    assertThat(placement.create("named"))
        .isInstanceOfSatisfying(
            Step.Impossible.class,
            impossible -> assertThat(impossible.message()).contains("Site a is an edge Site"));
    assertThat(placement.repair("became")).isEqualTo(new Step.Move("became", "a1", "c1"));
  }
}
