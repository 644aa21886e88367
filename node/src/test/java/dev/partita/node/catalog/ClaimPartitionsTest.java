package dev.partita.node.catalog;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogResult.Refused;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ClaimPartitionsTest {
  private Catalog catalog = CatalogMachines.ofNodes(3);

  private void apply(CatalogCommand command) {
    catalog = CatalogMachines.applied(catalog, command);
  }

  private void create(String name, Bounds bounds, int node) {
    apply(new CatalogCommand.CreatePartition(name, "mails", bounds, List.of(new NodeId(node))));
  }

  private IndexDefinition index() {
    return requireNonNull(catalog.indexes().get("by-mail")).definition();
  }

  private void createIndex() {
    apply(
        new CatalogCommand.CreateIndex(
            "by-mail", "mails", List.of(IndexTerm.of("mail")), List.of(), true));
  }

  private void place() {
    apply(new CatalogCommand.PlaceClaims(index().id()));
  }

  private void ready() {
    apply(new CatalogCommand.SetIndexState(index().id(), IndexEntry.State.READY, null));
  }

  private IndexEntry.State state() {
    return requireNonNull(catalog.indexes().get("by-mail")).state();
  }

  private List<PartitionEntry> claims() {
    return catalog.partitions().of(ClaimPartitions.collection(index()));
  }

  @Test
  void claimsAreWhereTheCollectionIsAndCoverEverything() {
    createIndex();
    assertThat(index().claims()).isTrue();
    place();
    assertThat(claims()).as("there is no place yet").isEmpty();
    create("low", new Bounds.Range(null, Datum.of(9)), 1);
    create("high", new Bounds.Range(Datum.of(9), null), 2);
    place();
    place();
    assertThat(claims())
        .hasSize(ClaimPartitions.COUNT)
        .extracting(PartitionEntry::voters)
        .containsExactly(
            List.of(new NodeId(1)),
            List.of(new NodeId(2)),
            List.of(new NodeId(1)),
            List.of(new NodeId(2)));
    var random = new SplittableRandom(7);
    for (int i = 0; i < 200; i++) {
      PrimaryKey digest = PrimaryKey.of("%016x".formatted(random.nextLong()));
      assertThat(catalog.partitions().owner(ClaimPartitions.collection(index()), digest))
          .isPresent();
    }
    for (PartitionEntry claims : claims()) {
      assertThat(ClaimPartitions.anchor(catalog, claims))
          .hasValueSatisfying(anchor -> assertThat(anchor.voters()).isEqualTo(claims.voters()));
    }
    assertThat(ClaimPartitions.serve(catalog, index())).isFalse();
    claims().forEach(each -> apply(new CatalogCommand.ActivatePartition(each.id())));
    assertThat(ClaimPartitions.serve(catalog, index())).isTrue();
  }

  @Test
  void claimsGoWithTheIndex() {
    create("all", Bounds.Range.ALL, 1);
    createIndex();
    place();
    String collection = ClaimPartitions.collection(index());
    for (boolean retain : List.of(true, false)) {
      var drop = new CatalogCommand.DropPartition(claims().getFirst().name(), retain);
      assertThat(CatalogRules.apply(catalog, drop).result()).isInstanceOf(Refused.class);
    }
    apply(new CatalogCommand.DropIndex("by-mail"));
    assertThat(catalog.partitions().of(collection)).isEmpty();
    assertThat(catalog.collections()).containsOnlyKeys("mails");
    createIndex();
    place();
    assertThat(ClaimPartitions.collection(index())).isNotEqualTo(collection);
    assertThat(claims()).hasSize(ClaimPartitions.COUNT);
  }

  @Test
  void anIndexOfAnOlderVersionStaysUniqueInsideItsPartitions() {
    create("all", Bounds.Range.ALL, 1);
    var old =
        new IndexDefinition(
            catalog.nextId(), "by-mail", "mails", List.of(IndexTerm.of("mail")), List.of(), true);
    catalog =
        catalog
            .withNextId(catalog.nextId() + 1)
            .withIndex(new IndexEntry(old, IndexEntry.State.READY, null));
    place();
    assertThat(index()).isEqualTo(old);
    assertThat(claims()).isEmpty();
  }

  @Test
  void rowsThatComeBackClaimAnew() {
    create("all", Bounds.Range.ALL, 1);
    createIndex();
    place();
    ready();
    assertThat(state()).as("nothing was claimed").isEqualTo(IndexEntry.State.BUILDING);
    apply(new CatalogCommand.SetIndexState(index().id(), IndexEntry.State.CLAIMING, null));
    ready();
    assertThat(state()).isEqualTo(IndexEntry.State.READY);
    apply(new CatalogCommand.DropPartition("all", true));
    create("back", Bounds.Range.ALL, 1);
    ready();
    assertThat(state()).isEqualTo(IndexEntry.State.BUILDING);
  }

  @Test
  void namesOfClaimsAreNobodyElses() {
    var partition =
        new CatalogCommand.CreatePartition("p", "~7", Bounds.Range.ALL, List.of(new NodeId(1)));
    var index =
        new CatalogCommand.CreateIndex("i", "~7", List.of(IndexTerm.of("a")), List.of(), false);
    for (CatalogCommand command : List.of(partition, index)) {
      assertThat(CatalogRules.apply(catalog, command).result())
          .isInstanceOfSatisfying(
              Refused.class, refused -> assertThat(refused.reason()).isEqualTo(Reason.INVALID));
    }
  }
}
