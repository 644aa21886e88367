package dev.partita.node.catalog;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.partition.Bounds;
import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Which indexes have joint rows, and where.
class JointPartitionsTest {
  private Catalog catalog = CatalogMachines.ofNodes(3);

  private void apply(CatalogCommand command) {
    catalog = CatalogMachines.applied(catalog, command);
  }

  private void group(int node, String name, String... columns) {
    apply(
        new CatalogCommand.CreatePartition(
            name, "things", new Bounds.Columns(List.of(columns)), List.of(new NodeId(node))));
  }

  private void drop(String group, boolean retain) {
    apply(new CatalogCommand.DropPartition(group, retain));
  }

  private void index(boolean unique, String... fields) {
    apply(
        new CatalogCommand.CreateIndex(
            "both", "things", Stream.of(fields).map(IndexTerm::of).toList(), List.of(), unique));
  }

  private IndexEntry entry() {
    return requireNonNull(catalog.indexes().get("both"));
  }

  private IndexDefinition definition() {
    return entry().definition();
  }

  private boolean isJoint() {
    return JointPartitions.isJoint(catalog, definition());
  }

  private List<PartitionEntry> hidden() {
    return catalog.partitions().all().stream()
        .filter(entry -> ClaimPartitions.isHidden(entry.collection()))
        .toList();
  }

  private void state(IndexEntry.State state) {
    apply(new CatalogCommand.SetIndexState(definition().id(), state, null));
  }

  @Test
  void onlyFieldsInSeveralGroupsHaveJointRows() {
    group(1, "a", "x", "y");
    group(2, "b", "z");
    index(false, "x", "y.deep", "id");
    assertThat(isJoint()).isFalse();
    assertThat(entry().state()).isEqualTo(IndexEntry.State.BUILDING);
    assertThat(catalog.partitionsOf(definition()))
        .extracting(PartitionEntry::name)
        .containsExactly("a");
    assertThat(hidden()).isEmpty();

    apply(new CatalogCommand.DropIndex("both"));
    index(false, "z", "x");
    assertThat(isJoint()).isTrue();
    assertThat(entry().state()).isEqualTo(IndexEntry.State.ANNOUNCED);
    assertThat(catalog.partitionsOf(definition())).isEqualTo(hidden()).hasSize(1);
    PartitionEntry rows = hidden().getFirst();
    assertThat(rows.voters()).containsExactly(new NodeId(1));
    assertThat(JointPartitions.indexOf(catalog, rows)).contains(entry());
    assertThat(JointPartitions.serve(catalog, definition())).isFalse();
    apply(new CatalogCommand.ActivatePartition(rows.id()));
    assertThat(JointPartitions.serve(catalog, definition())).isTrue();

    apply(new CatalogCommand.DropIndex("both"));
    assertThat(hidden()).isEmpty();
    assertThat(catalog.collections()).containsOnlyKeys("things");
  }

  @Test
  void entriesComeAfterAllJointRows() {
    group(1, "a", "x");
    index(false, "x", "z");
    for (IndexEntry.State early :
        List.of(IndexEntry.State.BUILDING, IndexEntry.State.CLAIMING, IndexEntry.State.READY)) {
      state(early);
      assertThat(entry().state()).isEqualTo(IndexEntry.State.ANNOUNCED);
    }
    state(IndexEntry.State.GATHERING);
    state(IndexEntry.State.READY);
    assertThat(entry().state()).isEqualTo(IndexEntry.State.GATHERING);
    state(IndexEntry.State.BUILDING);
    state(IndexEntry.State.READY);
    assertThat(entry().state()).isEqualTo(IndexEntry.State.READY);
    // Whoever led before, and proposes it late.
    state(IndexEntry.State.GATHERING);
    state(IndexEntry.State.BUILDING);
    assertThat(entry().state()).isEqualTo(IndexEntry.State.READY);
  }

  @Test
  void aGroupThatComesOrGoesMakesTheIndexAnew() {
    index(false, "x", "z");
    long undivided = definition().id();
    state(IndexEntry.State.READY);
    group(1, "other", "w");
    assertThat(definition().id()).isEqualTo(undivided);
    assertThat(isJoint()).isFalse();

    group(2, "a", "x");
    long half = definition().id();
    assertThat(half).isNotEqualTo(undivided);
    assertThat(isJoint()).isTrue();
    assertThat(entry().state()).isEqualTo(IndexEntry.State.ANNOUNCED);
    state(IndexEntry.State.GATHERING);
    state(IndexEntry.State.BUILDING);
    state(IndexEntry.State.READY);

    group(3, "b", "z", "more");
    Set<Long> ids = Set.of(undivided, half);
    assertThat(ids).doesNotContain(definition().id());
    assertThat(entry().state()).isEqualTo(IndexEntry.State.ANNOUNCED);
    assertThat(hidden()).hasSize(1);
    assertThat(hidden().getFirst().collection())
        .isEqualTo(JointPartitions.collection(definition()));
    assertThat(JointPartitions.groups(catalog, definition()))
        .extracting(PartitionEntry::name)
        .containsExactly("a", "b");

    // Retained rows come back with their group; until then it is no part of any document.
    long whole = definition().id();
    drop("b", true);
    assertThat(definition().id()).isNotEqualTo(whole);
    assertThat(isJoint()).isTrue();
    long without = definition().id();
    drop("other", false);
    assertThat(definition().id()).isEqualTo(without);
    group(3, "b2", "more", "z");
    assertThat(definition().id()).isNotEqualTo(without);
    drop("a", false);
    drop("b2", false);
    assertThat(isJoint()).isFalse();
    assertThat(hidden()).isEmpty();
    assertThat(entry().state()).isEqualTo(IndexEntry.State.BUILDING);
  }

  @Test
  void groupsThatAreRetainedCountAndAreNotAsked() {
    group(1, "a", "x");
    drop("a", true);
    index(false, "x", "z");
    assertThat(isJoint()).isTrue();
    assertThat(JointPartitions.groups(catalog, definition())).isEmpty();
    assertThat(hidden()).hasSize(1);
  }

  @Test
  void aUniqueOneHasClaimsWhereItsJointRowsAre() {
    group(1, "a", "x");
    group(2, "b", "z");
    index(true, "x", "z");
    apply(new CatalogCommand.PlaceClaims(definition().id()));
    assertThat(entry().state()).isEqualTo(IndexEntry.State.ANNOUNCED);
    assertThat(hidden()).hasSize(1 + ClaimPartitions.COUNT);
    assertThat(catalog.partitions().of(ClaimPartitions.collection(definition())))
        .hasSize(ClaimPartitions.COUNT)
        .allMatch(claims -> claims.voters().equals(List.of(new NodeId(1))));
    long id = definition().id();
    // Rows of another group that come back do not disturb it.
    group(3, "c", "w");
    drop("c", true);
    group(3, "c", "w");
    assertThat(definition().id()).isEqualTo(id);
    assertThat(entry().state()).isEqualTo(IndexEntry.State.ANNOUNCED);
    drop("b", false);
    assertThat(hidden()).as("the claims are made anew with the rows").hasSize(1);
  }
}
