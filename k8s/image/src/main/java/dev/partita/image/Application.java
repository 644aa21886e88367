package dev.partita.image;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// What one image holds.
///
/// @param name of the module and of the image, after `partita/`
/// @param title for the image's label
/// @param options of the JVM, besides those that every image has
/// @param training environment of the training run
/// @param operatesCluster whether it needs a Kubernetes API server to become ready
/// @param exercise what it does in its training run
/// @param readyPath answers 200 once a training run has done what can be trained
record Application(
    String name,
    String title,
    List<String> options,
    Map<String, String> training,
    boolean operatesCluster,
    Exercise exercise,
    String readyPath) {

  /// The database. Rows live in RocksDB's own memory and the page cache, not on the heap.
  static final Application NODE =
      new Application(
          "node",
          "Partita node",
          List.of(
              "-XX:MaxRAMPercentage=40",
              "-Xss512k",
              "-XX:MaxDirectMemorySize=64m",
              "-Djava.library.path=" + NativeLibrary.DIRECTORY,
              "--sun-misc-unsafe-memory-access=allow"),
          Map.of(
              "PARTITA_DEV", "true",
              "PARTITA_PEER_HOST", "127.0.0.1",
              "PARTITA_PEER_PORT", "0"),
          false,
          new NodeExercise(),
          "/health/ready");

  /// The operator: its start, its informers, and what it tells. With a thousand Partitions it has
  /// 215 MiB beside the heap (`./partita bench --only operator`), which have to fit as well into
  /// the 512 MiB that the chart lets it have.
  static final Application OPERATOR =
      new Application(
          "operator",
          "Partita operator",
          List.of("-XX:MaxRAMPercentage=40"),
          Map.of(),
          true,
          new OperatorExercise(),
          "/health/ready");

  static final List<Application> ALL = List.of(NODE, OPERATOR);

  /// Where Maven has packaged it.
  Path packaged(Path checkout) {
    return checkout.resolve(name).resolve("target/quarkus-app");
  }
}
