package dev.partita.node.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogResult.Applied;
import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogResult.Refused;
import dev.partita.node.config.HostPort;
import dev.partita.node.config.Place;
import dev.partita.node.index.FieldPath;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.index.IndexValue;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CatalogRulesTest {
  private static final NodeId ONE = new NodeId(1);
  private static final NodeId TWO = new NodeId(2);

  private Catalog catalog = Catalog.EMPTY;

  private CatalogResult apply(CatalogCommand command) {
    CatalogRules.Transition transition = CatalogRules.apply(catalog, command);
    catalog = transition.catalog();
    return transition.result();
  }

  private void applied(CatalogCommand command) {
    assertThat(apply(command)).isInstanceOf(Applied.class);
  }

  private void refused(CatalogCommand command, Reason reason) {
    Catalog before = catalog;
    assertThat(apply(command))
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.reason()).isEqualTo(reason));
    assertThat(catalog).isSameAs(before);
  }

  private void register(NodeId... nodes) {
    for (NodeId node : nodes) {
      applied(new CatalogCommand.RegisterNode(node(node)));
    }
  }

  private static NodeEntry node(NodeId id) {
    return new NodeEntry(
        id,
        "n-" + id,
        new Place("site", "", "", "", false),
        new HostPort("h", 1),
        new HostPort("h", 2),
        NodeEntry.State.ACTIVE);
  }

  private static CatalogCommand.CreatePartition create(String name, Bounds bounds) {
    return new CatalogCommand.CreatePartition(name, "things", bounds, List.of(ONE));
  }

  private static Bounds range(long start, long end) {
    return new Bounds.Range(Datum.of(start), Datum.of(end));
  }

  private static PrimaryKey key(long key) {
    return new PrimaryKey(List.of(Datum.of(key)));
  }

  @Test
  void overlapIsRefusedAndNamesTheOther() {
    register(ONE);
    applied(create("a", range(0, 100)));
    assertThat(apply(create("b", range(99, 200))))
        .isEqualTo(
            new Refused(Reason.OVERLAP, "the bounds overlap those of another partition", "b", "a"));
    assertThat(apply(create("b", new Bounds.Interval(0, 50, 1)))).isInstanceOf(Refused.class);
    applied(create("b", new Bounds.Interval(0, 100, 1)));
  }

  @Test
  void creatingAgainChangesNothingButAnotherContentIsRefused() {
    register(ONE);
    applied(create("a", range(0, 100)));
    long revision = catalog.revision();
    applied(create("a", range(0, 100)));
    assertThat(catalog.revision()).isEqualTo(revision);
    refused(create("a", range(200, 300)), Reason.EXISTS);
  }

  @Test
  void aCollectionIsDividedInOneWay() {
    register(ONE);
    applied(create("a", range(0, 100)));
    refused(create("h", new Bounds.Hash(2, 0)), Reason.INVALID);
    refused(create("c", new Bounds.Columns(List.of("x"))), Reason.INVALID);
  }

  private static CatalogCommand.CreatePartition group(String name, String... columns) {
    return create(name, new Bounds.Columns(List.of(columns)));
  }

  private int number(String partition) {
    return catalog.partition(partition).orElseThrow().columnGroupOrNone();
  }

  @Test
  void eachColumnGroupHasANumberOfItsOwnForEver() {
    register(ONE);
    applied(group("a", "x", "y"));
    applied(group("b", "z"));
    assertThat(number("a")).isEqualTo(1);
    assertThat(number("b")).isEqualTo(2);
    applied(new CatalogCommand.DropPartition("b", false));
    applied(group("c", "z"));
    assertThat(number("c")).isEqualTo(3);
    refused(create("r", range(0, 100)), Reason.INVALID);
  }

  @Test
  void columnsBelongToOneGroup() {
    register(ONE);
    applied(group("a", "x", "y"));
    assertThat(apply(group("b", "z", "y")))
        .isEqualTo(
            new Refused(Reason.OVERLAP, "the bounds overlap those of another partition", "b", "a"));
    applied(group("a", "y", "x"));
    assertThat(catalog.partitions().all()).hasSize(1);
  }

  @Test
  void aRetainedColumnGroupComesBackWithItsNumber() {
    register(ONE);
    applied(group("a", "x", "y"));
    applied(group("b", "z"));
    PartitionId id = catalog.partition("a").orElseThrow().id();
    applied(new CatalogCommand.DropPartition("a", true));
    refused(group("c", "y"), Reason.OVERLAP);
    applied(group("c", "y", "x"));
    assertThat(catalog.partition("c").orElseThrow().id()).isEqualTo(id);
    assertThat(number("c")).isEqualTo(1);
  }

  @Test
  void aCollectionHasAFewColumnGroups() {
    register(ONE);
    for (int at = 0; at < PartitionRules.COLUMN_GROUPS_MAX; at++) {
      applied(group("g" + at, "x" + at));
    }
    refused(group("more", "more"), Reason.TOO_MANY);
    applied(new CatalogCommand.DropPartition("g0", false));
    applied(group("more", "more"));
  }

  private static CatalogCommand.CreateIndex index(String name, String... fields) {
    return new CatalogCommand.CreateIndex(
        name,
        "things",
        List.of(IndexTerm.of(fields[0])),
        Stream.of(fields)
            .skip(1)
            .map(field -> new IndexValue(FieldPath.parse(field), false))
            .toList(),
        false);
  }

  @Test
  void anIndexOfDividedDocumentsHasAColumn() {
    register(ONE);
    applied(group("a", "x", "y"));
    applied(index("keyed", "x", "id"));
    String why = "an index of a collection that is divided by columns has a column, and id is none";
    assertThat(apply(index("alone", "id")))
        .isEqualTo(new Refused(Reason.INVALID, why, "alone", "partition a"));
    applied(new CatalogCommand.DropPartition("a", false));
    applied(index("alone", "id"));
    assertThat(apply(group("b", "z")))
        .isEqualTo(new Refused(Reason.INVALID, why, "b", "index alone"));
  }

  @Test
  void replicasMustBeKnownAndDifferentNodes() {
    register(ONE);
    refused(
        new CatalogCommand.CreatePartition("a", "things", range(0, 1), List.of(ONE, TWO)),
        Reason.NOT_FOUND);
    refused(
        new CatalogCommand.CreatePartition("a", "things", range(0, 1), List.of(ONE, ONE)),
        Reason.INVALID);
    refused(
        new CatalogCommand.CreatePartition("a", "things", range(0, 1), List.of()), Reason.INVALID);
  }

  @Test
  void retainedRowsKeepTheirKeysAndAreAdoptedByTheSameBounds() {
    register(ONE);
    applied(create("a", range(0, 100)));
    PartitionId id = catalog.partition("a").orElseThrow().id();
    applied(new CatalogCommand.DropPartition("a", true));
    assertThat(catalog.partition("a")).isEmpty();
    assertThat(catalog.partitions().owner("things", key(5))).isEmpty();
    refused(create("b", range(50, 150)), Reason.OVERLAP);
    applied(create("b", range(0, 100)));
    assertThat(catalog.partition("b").orElseThrow().id()).isEqualTo(id);
    applied(new CatalogCommand.DropPartition("b", false));
    applied(create("a", range(50, 150)));
    assertThat(catalog.partition("a").orElseThrow().id()).isNotEqualTo(id);
  }

  @Test
  void aCollectionThatComesBackHasAnotherId() {
    register(ONE);
    applied(create("a", range(0, 100)));
    long first = catalog.partition("a").orElseThrow().collectionId();
    applied(new CatalogCommand.DropPartition("a", false));
    assertThat(catalog.collections()).isEmpty();
    applied(create("a", new Bounds.Hash(1, 0)));
    assertThat(catalog.partition("a").orElseThrow().collectionId()).isNotEqualTo(first);
  }

  @Test
  void olderReportsOfMembersAreIgnored() {
    register(ONE, TWO);
    applied(create("a", range(0, 100)));
    PartitionId id = catalog.partition("a").orElseThrow().id();
    applied(new CatalogCommand.ObservePartition(id, 3, List.of(TWO), List.of()));
    applied(new CatalogCommand.ObservePartition(id, 2, List.of(ONE), List.of()));
    assertThat(catalog.partition("a").orElseThrow().voters()).containsExactly(TWO);
  }

  @Test
  void aNodeWithReplicasCannotGoAndAGoneOneNeverComesBack() {
    register(ONE, TWO);
    applied(create("a", range(0, 100)));
    refused(new CatalogCommand.SetNodeState(ONE, NodeEntry.State.GONE), Reason.CONFLICT);
    applied(new CatalogCommand.SetNodeState(TWO, NodeEntry.State.GONE));
    refused(new CatalogCommand.RegisterNode(node(TWO)), Reason.CONFLICT);
    refused(new CatalogCommand.SetNodeState(TWO, NodeEntry.State.ACTIVE), Reason.CONFLICT);
    assertThat(catalog.hasMember(TWO)).isFalse();
  }

  @Test
  void anOperationIsRecordedOnceAndForgottenWhenFinished() {
    register(ONE);
    var drain = new Operation.DrainNode(ONE);
    applied(new CatalogCommand.PutOperation("x", drain));
    applied(new CatalogCommand.PutOperation("x", drain));
    refused(new CatalogCommand.PutOperation("x", new Operation.RemoveNode(ONE)), Reason.EXISTS);
    refused(new CatalogCommand.ForgetOperation("x"), Reason.CONFLICT);
    applied(new CatalogCommand.AdvanceOperation("x", "Finished", OperationEntry.State.DONE, null));
    applied(new CatalogCommand.AdvanceOperation("x", "Mark", OperationEntry.State.RUNNING, null));
    assertThat(catalog.operations().get("x"))
        .extracting(OperationEntry::state)
        .isEqualTo(OperationEntry.State.DONE);
    applied(new CatalogCommand.ForgetOperation("x"));
    assertThat(catalog.operations()).isEmpty();
  }

  @Test
  void reservingTimestampsIsNoChangeThatSomeoneSees() {
    long revision = catalog.revision();
    applied(new CatalogCommand.ExtendWindow(new TimestampWindow(Timestamp.ofMillis(5), ONE)));
    applied(new CatalogCommand.ExtendWindow(new TimestampWindow(Timestamp.ofMillis(4), TWO)));
    assertThat(catalog.window()).isEqualTo(new TimestampWindow(Timestamp.ofMillis(5), ONE));
    assertThat(catalog.revision()).isEqualTo(revision);
  }

  @Test
  void anIndexMakesItsCollectionAndKeepsIt() {
    applied(
        new CatalogCommand.CreateIndex(
            "i", "things", List.of(IndexTerm.of("a.b")), List.of(), true));
    refused(
        new CatalogCommand.CreateIndex("i", "things", List.of(IndexTerm.of("c")), List.of(), true),
        Reason.EXISTS);
    refused(
        new CatalogCommand.CreateIndex("none", "things", List.of(), List.of(), false),
        Reason.INVALID);
    assertThat(catalog.collections()).containsKey("things");
    applied(new CatalogCommand.DropIndex("i"));
    assertThat(catalog.collections()).isEmpty();
  }

  @Test
  void anotherClusterIsRefused() {
    applied(new CatalogCommand.FoundCluster("a"));
    applied(new CatalogCommand.FoundCluster("a"));
    refused(new CatalogCommand.FoundCluster("b"), Reason.CONFLICT);
  }

  /// The owner found by the index of the map is the one whose bounds contain the key.
  @Test
  void routingAgreesWithBounds() {
    register(ONE);
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 60; i++) {
      long start = random.nextLong(-1_000, 1_000);
      apply(create("r" + i, range(start, start + 1 + random.nextLong(80))));
    }
    apply(create("open", new Bounds.Range(null, Datum.of(-1_000))));
    apply(create("text", new Bounds.Range(Datum.of("m"), null)));
    for (int remainder : new int[] {0, 1, 2, 4}) {
      applied(
          new CatalogCommand.CreatePartition(
              "h" + remainder, "hashed", new Bounds.Hash(6, remainder), List.of(ONE)));
    }
    applied(
        new CatalogCommand.CreatePartition("h3", "hashed", new Bounds.Hash(12, 3), List.of(ONE)));
    for (String collection : List.of("things", "hashed")) {
      for (int i = 0; i < 2_000; i++) {
        PrimaryKey key =
            i % 10 == 0
                ? new PrimaryKey(List.of(Datum.of("k" + i), Datum.of(i)))
                : key(random.nextLong(-2_000, 2_000));
        var expected =
            catalog.partitions().of(collection).stream()
                .filter(entry -> entry.bounds().contains(key))
                .findFirst();
        assertThat(catalog.partitions().owner(collection, key)).isEqualTo(expected);
      }
    }
  }
}
