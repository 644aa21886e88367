package dev.partita.node.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogResult.Refused;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MergeTransitionsTest {
  private static final NodeId ONE = new NodeId(1);
  private static final NodeId TWO = new NodeId(2);
  private static final Bounds HUNDRED = new Bounds.Range(Datum.of(0), Datum.of(100));

  private Catalog catalog = CatalogMachines.ofNodes(2);
  private int operations;

  @BeforeEach
  void makeParts() {
    apply(new CatalogCommand.CreatePartition("p", "things", HUNDRED, List.of(ONE, TWO)));
    apply(new CatalogCommand.ActivatePartition(id("p")));
    split("p", 50);
  }

  private void split(String name, long at) {
    PartitionId id = id(name);
    apply(
        new CatalogCommand.PutOperation(
            "o-" + operations++, new Operation.SplitPartition(id, Datum.of(at))));
    apply(
        new CatalogCommand.PublishSplit(id, entry(name).epoch() + 1, List.of(ONE, TWO), List.of()));
    apply(new CatalogCommand.RetirePartition(id));
  }

  private CatalogCommand merge(String name) {
    return new CatalogCommand.PutOperation(
        "o-" + operations++, new Operation.MergePartitions(id(name)));
  }

  private PartitionId pending(String name) {
    return catalog.pendingMerge(id(name)).orElseThrow().id();
  }

  private void commit(PartitionId into, long epoch) {
    apply(new CatalogCommand.CommitMerge(into, epoch, List.of(ONE, TWO), List.of()));
  }

  private void retireParts(PartitionId into) {
    catalog.merged(into).forEach(part -> apply(new CatalogCommand.RetirePartition(part.id())));
  }

  private void apply(CatalogCommand command) {
    catalog = CatalogMachines.applied(catalog, command);
  }

  private void refused(CatalogCommand command, String why) {
    assertThat(CatalogRules.apply(catalog, command).result())
        .isInstanceOfSatisfying(
            Refused.class,
            refused -> {
              assertThat(refused.reason()).isEqualTo(Reason.CONFLICT);
              assertThat(refused.message()).contains(why);
            });
  }

  private PartitionEntry entry(String name) {
    return catalog.partitions().named(name).orElseThrow();
  }

  private PartitionId id(String name) {
    return entry(name).id();
  }

  private List<String> children(String name) {
    return catalog.children(id(name)).stream().map(PartitionEntry::name).toList();
  }

  private @Nullable String owner(long key) {
    return catalog
        .partitions()
        .owner("things", PrimaryKey.of(key))
        .map(PartitionEntry::name)
        .orElse(null);
  }

  @Test
  void theOneIsHiddenUntilItTakesThePlaceOfWhatWasSplit() {
    PartitionId first = id("p");
    List<PartitionEntry> parts = catalog.children(first);
    List<String> names = children("p");
    CatalogCommand merge = merge("p");
    apply(merge);
    PartitionId into = pending("p");
    Catalog recorded = catalog;
    apply(merge);
    assertThat(catalog).isSameAs(recorded);
    assertThat(owner(10)).isEqualTo(names.getFirst());
    assertThat(children("p")).isEqualTo(names);
    assertThat(catalog.leaves(entry("p"))).hasSize(2);
    // What its leader says before does not count.
    apply(new CatalogCommand.ObservePartition(into, 9, List.of(TWO), List.of()));
    apply(new CatalogCommand.ActivatePartition(into));
    assertThat(catalog).isEqualTo(recorded);

    commit(into, 7);

    assertThat(id("p")).isEqualTo(into);
    assertThat(entry("p").state()).isEqualTo(PartitionEntry.State.ACTIVE);
    assertThat(entry("p").epoch()).isEqualTo(7);
    assertThat(entry("p").parent()).isNull();
    assertThat(owner(10)).isEqualTo("p");
    assertThat(owner(60)).isEqualTo("p");
    assertThat(children("p")).isEmpty();
    assertThat(catalog.partition(names.getFirst())).isEmpty();
    assertThat(catalog.merged(into)).hasSize(2);
    Catalog committed = catalog;
    commit(into, 7);
    apply(new CatalogCommand.GiveUpMerge("o", into, "too late"));
    assertThat(catalog).isSameAs(committed);
    retireParts(into);
    assertThat(catalog.partitions().all()).hasSize(1);
    for (PartitionId former : List.of(first, parts.getFirst().id(), parts.getLast().id(), into)) {
      assertThat(catalog.answering(former)).contains(entry("p"));
    }
    assertThat(catalog.answering(new PartitionId(99))).isEmpty();
  }

  @Test
  void aMergeThatIsGivenUpLeavesNothing() {
    Catalog before = catalog;
    apply(merge("p"));
    PartitionId into = pending("p");
    apply(new CatalogCommand.GiveUpMerge("o-1", into, "no"));
    assertThat(catalog.partitions().all()).containsExactlyElementsOf(before.partitions().all());
    assertThat(catalog.operations().get("o-1"))
        .isNotNull()
        .satisfies(operation -> {
          assertThat(operation.state()).isEqualTo(OperationEntry.State.FAILED);
          assertThat(operation.message()).isEqualTo("no");
        });
    Catalog given = catalog;
    commit(into, 7);
    assertThat(catalog).isSameAs(given);
    apply(merge("p"));
    assertThat(pending("p")).as("no id is used twice").isNotEqualTo(into);
  }

  @Test
  void onlyWholePartsOfASplitPartitionAreMerged() {
    String low = children("p").getFirst();
    refused(merge(low), "is not split");
    apply(
        new CatalogCommand.PutOperation("s", new Operation.SplitPartition(id(low), Datum.of(20))));
    refused(merge("p"), "a part of the partition is being split");
    apply(new CatalogCommand.PublishSplit(id(low), 5, List.of(ONE, TWO), List.of()));
    refused(merge(low), "is being split");
    apply(new CatalogCommand.RetirePartition(id(low)));
    refused(merge("p"), "is split itself");
    apply(merge(low));
    PartitionId into = pending(low);
    refused(merge(low), "is being merged");
    String lowest = children(low).getFirst();
    refused(
        new CatalogCommand.PutOperation("t", new Operation.SplitPartition(id(lowest), Datum.of(5))),
        "is being merged");
    commit(into, 9);
    refused(
        new CatalogCommand.PutOperation("u", new Operation.SplitPartition(id(low), Datum.of(5))),
        "is being split or merged");
    refused(merge("p"), "is being split or merged");
    retireParts(into);
    assertThat(entry(low).parent()).isEqualTo(id("p"));
    apply(merge("p"));
    PartitionId whole = pending("p");
    commit(whole, 11);
    assertThat(catalog.answering(into).orElseThrow().id()).isEqualTo(whole);
  }

  @Test
  void partsThatAreUniqueEachAreNotMerged() {
    apply(merge("p"));
    var inside =
        new IndexDefinition(
            catalog.nextId(), "by-code", "things", List.of(IndexTerm.of("code")), List.of(), true);
    catalog =
        catalog
            .withNextId(catalog.nextId() + 1)
            .withIndex(new IndexEntry(inside, IndexEntry.State.READY, null));
    refused(
        new CatalogCommand.CommitMerge(pending("p"), 7, List.of(ONE, TWO), List.of()),
        "unique index");
    apply(new CatalogCommand.GiveUpMerge("o-1", pending("p"), "no"));
    refused(merge("p"), "unique index");
  }

  @Test
  void partsThatAreUniqueTogetherAreMerged() {
    apply(
        new CatalogCommand.CreateIndex(
            "by-code", "things", List.of(IndexTerm.of("code")), List.of(), true));
    apply(merge("p"));
    commit(pending("p"), 7);
    assertThat(catalog.partitions().of("things")).hasSize(1);
  }

  @Test
  void namesDoNotGrowWithSplitsAndMerges() {
    for (int round = 0; round < 5; round++) {
      String low = children("p").getFirst();
      split(low, 20);
      assertThat(children(low)).allMatch(name -> name.matches("p-\\d+(-\\d+)?"));
      apply(merge(low));
      PartitionId into = pending(low);
      commit(into, 9);
      retireParts(into);
      assertThat(entry(low).id()).isEqualTo(into);
      assertThat(children("p").getFirst()).as("who answers for p").isEqualTo(low);
    }
  }

  @Test
  void aTreeIsDroppedWithWhatIsBeingMerged() {
    apply(merge("p"));
    refused(new CatalogCommand.DropPartition("p", true), "is being split or merged");
    Catalog pending = catalog;
    apply(new CatalogCommand.DropPartition("p", false));
    assertThat(catalog.partitions().all()).isEmpty();
    catalog = pending;
    PartitionId into = pending("p");
    commit(into, 7);
    refused(new CatalogCommand.DropPartition("p", true), "is being split or merged");
    Catalog committed = catalog;
    apply(new CatalogCommand.DropPartition("p", false));
    assertThat(catalog.partitions().all()).isEmpty();
    catalog = committed;
    retireParts(into);
    apply(new CatalogCommand.DropPartition("p", true));
    assertThat(catalog.partitions().all()).hasSize(1);
    apply(new CatalogCommand.CreatePartition("p", "things", HUNDRED, List.of(ONE)));
    assertThat(id("p")).isEqualTo(into);
    assertThat(owner(60)).isEqualTo("p");
  }

  @Test
  void whatIsStoredTellsOfMerges() {
    apply(merge("p"));
    PartitionId into = pending("p");
    commit(into, 7);
    PartitionEntry entry = entry("p");
    assertThat(CatalogCodec.decode(CatalogCodec.encode(entry), PartitionEntry.class))
        .isEqualTo(entry);
    assertThat(entry.absorbed()).hasSize(3);
  }
}
