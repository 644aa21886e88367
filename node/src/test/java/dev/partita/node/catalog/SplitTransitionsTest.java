package dev.partita.node.catalog;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogResult.Refused;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SplitTransitionsTest {
  private static final NodeId ONE = new NodeId(1);
  private static final NodeId TWO = new NodeId(2);
  private static final Bounds HUNDRED = new Bounds.Range(Datum.of(0), Datum.of(100));

  private Catalog catalog = CatalogMachines.ofNodes(2);

  @BeforeEach
  void makePartition() {
    create("p", HUNDRED);
  }

  private void create(String name, Bounds bounds) {
    apply(new CatalogCommand.CreatePartition(name, "things", bounds, List.of(ONE)));
    apply(new CatalogCommand.ActivatePartition(id(name)));
  }

  private void apply(CatalogCommand command) {
    catalog = CatalogMachines.applied(catalog, command);
  }

  private void refused(CatalogCommand command, Reason reason) {
    assertThat(CatalogRules.apply(catalog, command).result())
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.reason()).isEqualTo(reason));
  }

  private PartitionId id(String name) {
    return catalog.partitions().named(name).orElseThrow().id();
  }

  private static CatalogCommand split(String operation, PartitionId partition, @Nullable Datum at) {
    return new CatalogCommand.PutOperation(operation, new Operation.SplitPartition(partition, at));
  }

  private void publish(String name) {
    apply(new CatalogCommand.PublishSplit(id(name), 2, List.of(ONE, TWO), List.of()));
  }

  private @Nullable String owner(long key) {
    return catalog
        .partitions()
        .owner("things", PrimaryKey.of(key))
        .map(PartitionEntry::name)
        .orElse(null);
  }

  private List<String> children(String name) {
    return catalog.children(id(name)).stream().map(PartitionEntry::name).toList();
  }

  @Test
  void childrenAreThereFromTheRecordingOnAndServeWhenItIsDone() {
    PartitionId parent = id("p");
    apply(split("s", parent, Datum.of(50)));
    List<String> children = children("p");
    assertThat(children).containsExactly("p-" + (parent.value() + 1), "p-" + (parent.value() + 2));
    assertThat(owner(10)).isEqualTo("p");
    assertThat(catalog.partition(children.getFirst())).isEmpty();
    Catalog recorded = catalog;
    apply(split("s", parent, Datum.of(50)));
    assertThat(catalog).isSameAs(recorded);
    // Their leaders may be heard before the split is published: that says nothing yet.
    apply(new CatalogCommand.ObservePartition(id(children.getFirst()), 5, List.of(TWO), List.of()));
    assertThat(catalog).isEqualTo(recorded);

    publish("p");
    assertThat(owner(10)).isEqualTo(children.getFirst());
    assertThat(owner(50)).isEqualTo(children.getLast());
    PartitionEntry first = catalog.partition(children.getFirst()).orElseThrow();
    assertThat(first.epoch()).isEqualTo(2);
    assertThat(first.voters()).containsExactly(ONE, TWO);
    assertThat(catalog.partition("p").orElseThrow().state()).isEqualTo(PartitionEntry.State.SPLIT);
    assertThat(catalog.leaves(catalog.partition("p").orElseThrow()))
        .extracting(PartitionEntry::name)
        .isEqualTo(children);
    Catalog published = catalog;
    publish("p");
    assertThat(catalog).isSameAs(published);
    apply(new CatalogCommand.RetirePartition(parent));
    assertThat(catalog.partition("p").orElseThrow().members()).isEmpty();
    assertThat(catalog.partitions().of("things"))
        .extracting(PartitionEntry::name)
        .isEqualTo(children);
  }

  @Test
  void namesDoNotGrowWithTheGenerations() {
    apply(split("s", id("p"), Datum.of(50)));
    publish("p");
    String child = children("p").getFirst();
    apply(split("t", id(child), Datum.of(20)));
    long next = catalog.nextId();
    assertThat(children(child)).containsExactly("p-" + (next - 2), "p-" + (next - 1));
  }

  @Test
  void aNameThatIsTakenIsAvoidedAndALongOneCut() {
    long next = catalog.nextId();
    String taken = "p-" + (next + 1);
    create(taken, new Bounds.Range(Datum.of(200), Datum.of(300)));
    apply(split("s", id("p"), Datum.of(50)));
    assertThat(children("p")).containsExactly(taken + "-x", "p-" + (next + 2));

    String longest = "a".repeat(253);
    create(longest, new Bounds.Range(Datum.of(300), Datum.of(400)));
    apply(split("t", id(longest), Datum.of(350)));
    assertThat(children(longest))
        .allSatisfy(name -> assertThat(ResourceName.of(name).value()).isEqualTo(name));
  }

  @Test
  void whatCannotBeSplitIsRefused() {
    PartitionId parent = id("p");
    refused(split("s", new PartitionId(99), Datum.of(1)), Reason.NOT_FOUND);
    refused(split("s", parent, Datum.of(0)), Reason.INVALID);
    refused(split("s", parent, null), Reason.INVALID);
    apply(split("s", parent, Datum.of(50)));
    refused(split("t", parent, Datum.of(60)), Reason.CONFLICT);
    refused(split("s", parent, Datum.of(60)), Reason.EXISTS);
    publish("p");
    refused(split("t", parent, Datum.of(60)), Reason.CONFLICT);
    refused(
        new CatalogCommand.CreatePartition("q", "things", HUNDRED, List.of(ONE)), Reason.OVERLAP);
  }

  @Test
  void aSplitPartitionIsDroppedWithAllThatItWasSplitInto() {
    apply(split("s", id("p"), Datum.of(50)));
    refused(new CatalogCommand.DropPartition("p", true), Reason.CONFLICT);
    refused(new CatalogCommand.DropPartition(children("p").getFirst(), false), Reason.CONFLICT);
    publish("p");
    Catalog split = catalog;
    apply(new CatalogCommand.DropPartition("p", false));
    assertThat(catalog.partitions().all()).isEmpty();
    assertThat(catalog.collections()).isEmpty();

    catalog = split;
    refused(new CatalogCommand.DropPartition("p", true), Reason.CONFLICT);
    apply(new CatalogCommand.RetirePartition(id("p")));
    apply(new CatalogCommand.DropPartition("p", true));
    assertThat(catalog.partitions().all())
        .hasSize(3)
        .allMatch(entry -> entry.state() == PartitionEntry.State.RETAINED);
    assertThat(catalog.partition("p")).isEmpty();
    assertThat(owner(10)).isNull();
  }

  @Test
  void aRetainedTreeComesBackAsAWhole() {
    apply(split("s", id("p"), Datum.of(50)));
    publish("p");
    apply(new CatalogCommand.RetirePartition(id("p")));
    List<String> parts = children("p");
    apply(split("t", id(parts.getFirst()), Datum.of(20)));
    publish(parts.getFirst());
    apply(new CatalogCommand.RetirePartition(id(parts.getFirst())));
    String owner = requireNonNull(owner(10));
    apply(new CatalogCommand.DropPartition("p", true));
    assertThat(catalog.partitions().all())
        .hasSize(5)
        .allMatch(entry -> entry.state() == PartitionEntry.State.RETAINED);
    refused(
        new CatalogCommand.CreatePartition(
            "q", "things", new Bounds.Range(Datum.of(50), Datum.of(100)), List.of(ONE)),
        Reason.OVERLAP);
    assertThat(catalog.partitions().of("things")).isEmpty();

    apply(new CatalogCommand.CreatePartition("again", "things", HUNDRED, List.of(ONE)));

    assertThat(catalog.partition("again").orElseThrow().state())
        .isEqualTo(PartitionEntry.State.SPLIT);
    assertThat(children("again")).isEqualTo(parts);
    assertThat(owner(10)).isEqualTo(owner);
    assertThat(catalog.partition(owner).orElseThrow().members()).containsExactly(ONE, TWO);
    for (long key = 0; key < 100; key++) {
      assertThat(owner(key)).as("owner of " + key).isNotNull();
    }
    assertThat(catalog.leaves(catalog.partition("again").orElseThrow()))
        .hasSize(3)
        .allMatch(entry -> entry.state() == PartitionEntry.State.CREATING);
  }

  @Test
  void aPartIsDroppedWithItsPartitionOnly() {
    apply(split("s", id("p"), Datum.of(50)));
    publish("p");
    apply(new CatalogCommand.RetirePartition(id("p")));
    refused(new CatalogCommand.DropPartition(children("p").getFirst(), false), Reason.CONFLICT);
    refused(new CatalogCommand.DropPartition(children("p").getFirst(), true), Reason.CONFLICT);
    PartitionId parent = id("p");
    apply(new CatalogCommand.DropPartition("p", true));
    String part = catalog.children(parent).getFirst().name();
    refused(new CatalogCommand.DropPartition(part, false), Reason.CONFLICT);
    apply(new CatalogCommand.DropPartition("p~" + parent, false));
    assertThat(catalog.partitions().all()).isEmpty();
  }

  @Test
  void aPartitionCanBeDroppedWhileItsSplitDoesNotComeToAnEnd() {
    apply(split("s", id("p"), Datum.of(50)));
    apply(new CatalogCommand.DropPartition("p", false));
    assertThat(catalog.partitions().all()).isEmpty();
  }

  @Test
  void splitsSurviveStorage() {
    apply(split("s", id("p"), new Datum.Composite(List.of(Datum.of(50), Datum.of("x")))));
    OperationEntry operation = catalog.operations().get("s");
    assertThat(
            CatalogCodec.decode(
                CatalogCodec.encode(requireNonNull(operation)), OperationEntry.class))
        .isEqualTo(operation);
    for (PartitionEntry entry : catalog.partitions().all()) {
      assertThat(CatalogCodec.decode(CatalogCodec.encode(entry), PartitionEntry.class))
          .isEqualTo(entry);
    }
  }
}
