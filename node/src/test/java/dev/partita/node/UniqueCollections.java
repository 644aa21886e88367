package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.admin.IndexSpec;
import dev.partita.node.admin.IndexView;
import dev.partita.node.admin.PartitionSpec;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotTransactions;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Collections of mails in two partitions, keys below 100 in one and the others in another, with a
/// unique index on the mails.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class UniqueCollections {
  static final String INDEX = "-by-mail";

  TestCluster cluster;

  UniqueCollections() {}

  /// Those that are made before the first test, all at once.
  abstract List<String> collections();

  @BeforeAll
  final void found(@TempDir Path directory) {
    cluster = TestCluster.founded(directory, 3);
    for (String collection : collections()) {
      order(collection);
      index(collection, "mail");
    }
    for (String collection : collections()) {
      awaitServing(collection);
      awaitState(collection, IndexView.State.READY);
    }
  }

  @AfterAll
  void close() {
    cluster.close();
  }

  final void create(String collection) {
    order(collection);
    awaitServing(collection);
  }

  final void order(String collection) {
    cluster
        .admin()
        .putPartition(
            collection + "-low",
            spec(collection, "{\"range\":{\"end\":100}}", 0, 1, 2),
            cluster.deadline());
    cluster
        .admin()
        .putPartition(
            collection + "-high",
            spec(collection, "{\"range\":{\"start\":100}}", 2, 1, 0),
            cluster.deadline());
  }

  final PartitionSpec spec(String collection, String bounds, int... nodes) {
    return new PartitionSpec(
        collection, TestCluster.json(bounds), IntStream.of(nodes).mapToObj(cluster::id).toList());
  }

  final void awaitServing(String collection) {
    cluster.awaitActive(collection + "-low");
    cluster.awaitActive(collection + "-high");
  }

  final void index(String collection, String... terms) {
    cluster
        .admin()
        .putIndex(
            collection + INDEX,
            new IndexSpec(
                collection, Stream.of(terms).map(IndexSpec.Term::new).toList(), List.of(), true),
            cluster.deadline());
  }

  final IndexView view(String collection) {
    return cluster.state().indexes().stream()
        .filter(index -> index.name().equals(collection + INDEX))
        .findFirst()
        .orElseThrow();
  }

  final void awaitState(String collection, IndexView.State state) {
    await()
        .atMost(TestCluster.PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(view(collection).state()).isEqualTo(state));
  }

  final MutationResult write(int through, String collection, Mutation mutation) {
    return TestCluster.documents(cluster.node(through))
        .write(collection, mutation, cluster.deadline());
  }

  static Mutation mail(long key, String mail) {
    return Mutation.put(
        PrimaryKey.of(key), JsonBytes.of("{\"id\":%d,\"mail\":\"%s\"}".formatted(key, mail)));
  }

  static Mutation put(long key, String document) {
    return Mutation.put(PrimaryKey.of(key), JsonBytes.of(document));
  }

  final void assertWritten(MutationResult result) {
    assertThat(result).isInstanceOf(MutationResult.Written.class);
  }

  final void assertViolated(MutationResult result) {
    assertThat(result).isInstanceOf(MutationResult.UniqueViolation.class);
  }

  final OneShotTransactions oneShots(int through) {
    Node node = cluster.node(through);
    return new OneShotTransactions(node.router(), node.transactions(), node.oracle(), node.clock());
  }

  static OneShot writes(String collection, Mutation... mutations) {
    return new OneShot(
        null,
        List.of(),
        List.of(),
        Stream.of(mutations).map(one -> new OneShot.Write(collection, one)).toList());
  }
}
