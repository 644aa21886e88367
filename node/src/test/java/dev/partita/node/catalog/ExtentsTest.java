package dev.partita.node.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.config.HostPort;
import dev.partita.node.config.Place;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.Extent;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ExtentsTest {
  private static final NodeId ONE = new NodeId(1);

  private Catalog catalog = Catalog.EMPTY;
  private int operations;

  @BeforeEach
  void register() {
    apply(
        new CatalogCommand.RegisterNode(
            new NodeEntry(
                ONE,
                "n-1",
                new Place("site", "", "", "", false),
                new HostPort("h", 1),
                new HostPort("h", 2),
                NodeEntry.State.ACTIVE)));
    serve("low", new Bounds.Range(Datum.of(0), Datum.of(100)));
  }

  private void apply(CatalogCommand command) {
    catalog = CatalogMachines.applied(catalog, command);
  }

  private void declare(String name, Bounds bounds) {
    apply(new CatalogCommand.CreatePartition(name, "things", bounds, List.of(ONE)));
  }

  private void serve(String name, Bounds bounds) {
    declare(name, bounds);
    activate(name);
  }

  private void activate(String name) {
    apply(new CatalogCommand.ActivatePartition(id(name)));
  }

  private PartitionId id(String name) {
    return catalog.partitions().named(name).orElseThrow().id();
  }

  private void operation(Operation operation) {
    apply(new CatalogCommand.PutOperation("o-" + operations++, operation));
  }

  private void split(String name, long at) {
    PartitionId id = id(name);
    operation(new Operation.SplitPartition(id, Datum.of(at)));
    apply(new CatalogCommand.PublishSplit(id, 2, List.of(ONE), List.of()));
    apply(new CatalogCommand.RetirePartition(id));
  }

  private @Nullable Extent look(@Nullable Long start, @Nullable Long end) {
    return Extents.of(
        catalog,
        "things",
        start == null ? null : PrimaryKey.of(start),
        end == null ? null : PrimaryKey.of(end));
  }

  private Extent uncovered(@Nullable Long start, @Nullable Long end) {
    return Objects.requireNonNull(look(start, end));
  }

  private boolean hasGrown(Extent extent) {
    return Extents.haveGrown(catalog, extent);
  }

  @Test
  void whatServesLaterInTheRangeMakesItGrow() {
    Extent all = uncovered(null, null);
    Extent far = uncovered(500L, null);
    assertThat(all.partitions()).containsExactly(id("low"));
    assertThat(far.partitions()).isEmpty();
    declare("high", new Bounds.Range(Datum.of(100), Datum.of(200)));
    // It has no rows yet.
    assertThat(hasGrown(all)).isFalse();
    Extent meanwhile = uncovered(null, null);

    activate("high");

    assertThat(hasGrown(all)).isTrue();
    assertThat(hasGrown(meanwhile)).isTrue();
    assertThat(hasGrown(far)).isFalse();
    assertThat(uncovered(null, null).partitions()).containsExactlyInAnyOrder(id("low"), id("high"));
    assertThat(hasGrown(uncovered(null, null))).isFalse();
  }

  @Test
  void aRangeThatOnePartitionHasCannotGrow() {
    assertThat(look(0L, 100L)).isNull();
    assertThat(look(10L, 20L)).isNull();
    assertThat(look(10L, 101L)).isNotNull();
    split("low", 50);
    assertThat(look(10L, 90L)).isNull();
  }

  @Test
  void splittingAndMergingMakeNothingGrow() {
    Extent before = uncovered(null, null);
    PartitionId first = id("low");
    split("low", 50);
    assertThat(hasGrown(before)).isFalse();
    Extent between = uncovered(null, null);
    assertThat(between).isEqualTo(before);

    operation(new Operation.MergePartitions(first));
    assertThat(uncovered(null, null)).isEqualTo(before);
    PartitionId into = catalog.pendingMerge(first).orElseThrow().id();
    apply(new CatalogCommand.CommitMerge(into, 7, List.of(ONE), List.of()));

    assertThat(id("low")).isEqualTo(into);
    assertThat(hasGrown(between)).isFalse();
    assertThat(uncovered(null, null)).isEqualTo(before);
    catalog.merged(into).forEach(part -> apply(new CatalogCommand.RetirePartition(part.id())));
    split("low", 70);
    assertThat(hasGrown(before)).isFalse();
  }

  @Test
  void intervalsComeOneByOne() {
    apply(
        new CatalogCommand.CreatePartition(
            "days", "others", new Bounds.Family(0, 100), List.of(ONE)));
    apply(new CatalogCommand.MakeInterval(id("days"), 1));
    activate("days-p1");
    Extent wide = Objects.requireNonNull(Extents.of(catalog, "others", null, null));
    Extent near = Objects.requireNonNull(Extents.of(catalog, "others", null, PrimaryKey.of(700)));
    assertThat(wide.partitions()).containsExactly(id("days-p1"));
    split("days-p1", 150);
    assertThat(hasGrown(wide)).isFalse();

    apply(new CatalogCommand.MakeInterval(id("days"), 7));
    activate("days-p7");

    assertThat(hasGrown(wide)).isTrue();
    assertThat(hasGrown(near)).isFalse();
  }

  @Test
  void partitionsByHashHaveSomethingOfEveryRange() {
    apply(new CatalogCommand.CreatePartition("h-0", "hashed", new Bounds.Hash(2, 0), List.of(ONE)));
    activate("h-0");
    Extent extent =
        Objects.requireNonNull(Extents.of(catalog, "hashed", PrimaryKey.of(3), PrimaryKey.of(4)));
    apply(new CatalogCommand.CreatePartition("h-1", "hashed", new Bounds.Hash(2, 1), List.of(ONE)));
    activate("h-1");
    assertThat(hasGrown(extent)).isTrue();
  }
}
