package dev.partita.node.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogResult.Refused;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IntervalPartitionsTest {
  private static final NodeId ONE = new NodeId(1);
  private static final NodeId TWO = new NodeId(2);
  private static final NodeId THREE = new NodeId(3);
  private static final Bounds FAMILY = new Bounds.Family(0, 100);

  private Catalog catalog = CatalogMachines.ofNodes(3);

  @BeforeEach
  void declareFamily() {
    declare("days", FAMILY, ONE, TWO, THREE);
  }

  private void declare(String name, Bounds bounds, NodeId... nodes) {
    apply(new CatalogCommand.CreatePartition(name, "events", bounds, List.of(nodes)));
  }

  private void apply(CatalogCommand command) {
    catalog = CatalogMachines.applied(catalog, command);
  }

  private void make(long number) {
    apply(new CatalogCommand.MakeInterval(id("days"), number));
  }

  private void serve(String name) {
    apply(new CatalogCommand.ActivatePartition(id(name)));
  }

  private void refused(CatalogCommand command, Reason reason) {
    CatalogRules.Transition transition = CatalogRules.apply(catalog, command);
    assertThat(transition.catalog()).isSameAs(catalog);
    assertThat(transition.result())
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.reason()).isEqualTo(reason));
  }

  private PartitionEntry entry(String name) {
    return catalog.partitions().named(name).orElseThrow();
  }

  private PartitionId id(String name) {
    return entry(name).id();
  }

  private List<String> children() {
    return catalog.children(id("days")).stream().map(PartitionEntry::name).toList();
  }

  @Test
  void aFamilyHasNoGroupAndNoKeyUntilSomethingIsWritten() {
    PartitionEntry family = entry("days");

    assertThat(family.members()).isEmpty();
    assertThat(family.home()).containsExactly(ONE, TWO, THREE);
    assertThat(family.isVisible()).isTrue();
    assertThat(family.isRouted()).isFalse();
    assertThat(catalog.partitions().owner("events", PrimaryKey.of(5))).isEmpty();
    assertThat(catalog.partitions().family("events", PrimaryKey.of(5))).contains(family);
    assertThat(catalog.partitions().family("events", PrimaryKey.of("five"))).isEmpty();
    assertThat(CatalogCodec.decode(CatalogCodec.encode(family), PartitionEntry.class))
        .isEqualTo(family);
  }

  @Test
  void anIntervalIsMadeOnceHoweverManyAskForIt() {
    make(7);
    Catalog once = catalog;
    make(7);

    assertThat(catalog).isSameAs(once);
    PartitionEntry child = entry("days-p7");
    assertThat(child.bounds()).isEqualTo(new Bounds.Interval(0, 100, 7));
    assertThat(child.parent()).isEqualTo(id("days"));
    assertThat(child.state()).isEqualTo(PartitionEntry.State.CREATING);
    assertThat(child.members()).containsExactlyInAnyOrder(ONE, TWO, THREE);
    serve("days-p7");
    assertThat(catalog.partitions().owner("events", PrimaryKey.of(799))).contains(entry("days-p7"));
    assertThat(catalog.partitions().owner("events", PrimaryKey.of(800))).isEmpty();
  }

  @Test
  void numbersAreNegativeBelowTheOrigin() {
    make(-3);

    assertThat(entry("days-p-3").bounds().contains(PrimaryKey.of(-300))).isTrue();
    assertThat(entry("days-p-3").bounds().contains(PrimaryKey.of(-200))).isFalse();
  }

  @Test
  void leadersAreDealtOutInTurn() {
    for (int number = -1; number <= 1; number++) {
      make(number);
    }

    assertThat(List.of("days-p-1", "days-p0", "days-p1"))
        .map(name -> entry(name).voters().getFirst())
        .containsExactlyInAnyOrder(ONE, TWO, THREE);
  }

  @Test
  void nodesThatAreToGoGetNone() {
    apply(new CatalogCommand.SetNodeState(TWO, NodeEntry.State.DRAINING));
    make(1);
    assertThat(entry("days-p1").members()).containsExactlyInAnyOrder(ONE, THREE);

    declare("days", FAMILY, TWO);

    refused(new CatalogCommand.MakeInterval(id("days"), 2), Reason.CONFLICT);
    declare("days", FAMILY, THREE);
    make(2);
    assertThat(entry("days-p2").members()).containsExactly(THREE);
    assertThat(entry("days-p1").members()).containsExactlyInAnyOrder(ONE, THREE);
    refused(
        new CatalogCommand.CreatePartition("days", "events", FAMILY, List.of(new NodeId(9))),
        Reason.NOT_FOUND);
  }

  @Test
  void manyAreNotMadeAtATimeAndNotWithoutEnd() {
    for (int number = 0; number < IntervalPartitions.CREATING_MAX; number++) {
      make(number);
    }
    refused(new CatalogCommand.MakeInterval(id("days"), 99), Reason.CONFLICT);

    for (int number = 0; number < IntervalPartitions.INTERVALS_MAX; number++) {
      make(number);
      serve("days-p" + number);
    }

    refused(
        new CatalogCommand.MakeInterval(id("days"), IntervalPartitions.INTERVALS_MAX),
        Reason.TOO_MANY);
    make(5);
  }

  @Test
  void numbersWithoutAnyKeyAreRefused() {
    refused(new CatalogCommand.MakeInterval(id("days"), Long.MAX_VALUE), Reason.INVALID);
    refused(new CatalogCommand.MakeInterval(new PartitionId(99), 1), Reason.NOT_FOUND);
    make(Long.MAX_VALUE / 100);
    assertThat(
            entry("days-p" + Long.MAX_VALUE / 100).bounds().contains(PrimaryKey.of(Long.MAX_VALUE)))
        .isTrue();
  }

  @Test
  void boundsOfOthersOverlapAFamilyWhereTheyHaveIntegers() {
    refused(
        new CatalogCommand.CreatePartition(
            "p", "events", new Bounds.Range(Datum.of(5), Datum.of(6)), List.of(ONE)),
        Reason.OVERLAP);
    refused(
        new CatalogCommand.CreatePartition(
            "p", "events", new Bounds.Interval(0, 100, 3), List.of(ONE)),
        Reason.OVERLAP);
    refused(
        new CatalogCommand.CreatePartition("p", "events", new Bounds.Family(1, 7), List.of(ONE)),
        Reason.OVERLAP);
    declare("texts", new Bounds.Range(Datum.of("a"), null), ONE);
    assertThat(entry("texts").state()).isEqualTo(PartitionEntry.State.CREATING);
  }

  @Test
  void anIntervalGoesWithItsFamilyAndNotAlone() {
    make(1);
    serve("days-p1");
    refused(new CatalogCommand.DropPartition("days-p1", false), Reason.CONFLICT);

    apply(new CatalogCommand.DropPartition("days", false));

    assertThat(catalog.partitions().all()).isEmpty();
    assertThat(catalog.collections()).isEmpty();
  }

  @Test
  void aRetainedFamilyComesBackWithItsIntervals() {
    make(1);
    serve("days-p1");
    apply(new CatalogCommand.ObservePartition(id("days-p1"), 2, List.of(ONE, TWO), List.of()));
    PartitionId retained = id("days");
    apply(new CatalogCommand.DropPartition("days", true));
    assertThat(catalog.partitions().family("events", PrimaryKey.of(1))).isEmpty();
    refused(new CatalogCommand.MakeInterval(retained, 2), Reason.NOT_FOUND);

    declare("days", FAMILY, THREE);

    assertThat(id("days")).isEqualTo(retained);
    assertThat(entry("days").state()).isEqualTo(PartitionEntry.State.SPLIT);
    assertThat(entry("days").home()).containsExactly(THREE);
    assertThat(children()).containsExactly("days-p1");
    assertThat(entry("days-p1").state()).isEqualTo(PartitionEntry.State.CREATING);
    assertThat(entry("days-p1").members()).containsExactly(ONE, TWO);
  }

  @Test
  void intervalsAreSplitAndNotMergedWithEachOther() {
    make(1);
    make(2);
    serve("days-p1");
    serve("days-p2");

    refused(
        new CatalogCommand.PutOperation("merge", new Operation.MergePartitions(id("days"))),
        Reason.INVALID);
    refused(
        new CatalogCommand.PutOperation(
            "split", new Operation.SplitPartition(id("days"), Datum.of(150))),
        Reason.CONFLICT);
    apply(
        new CatalogCommand.PutOperation(
            "split", new Operation.SplitPartition(id("days-p1"), Datum.of(150))));
    assertThat(catalog.children(id("days-p1"))).hasSize(2);
    make(1);
    assertThat(children()).containsExactly("days-p1", "days-p2");
  }

  @Test
  void aCatalogTellsUpToWhenItKnowsEverythingThatWasWritten() {
    assertThat(catalog.complete()).isEqualTo(Timestamp.MIN);

    apply(new CatalogCommand.ExtendWindow(new TimestampWindow(Timestamp.ofMillis(1_000_000), ONE)));

    assertThat(catalog.complete())
        .isLessThan(Timestamp.ofMillis(1_000_000 - TimestampWindow.LENGTH_MILLIS));
  }
}
