package dev.partita.testbed;

import java.util.Map;

/// The pages that tell users commands, and the suite that runs all commands of each.
public enum DocumentedPage {
  /// The first page.
  README(
      "README.md",
      "k8s/launcher/src/test/java/dev/partita/launcher/UpIT.java",
      Map.of(
          "./mvnw verify",
          "runs this suite",
          Replication.PLAIN,
          Replication.REASON,
          Replication.TLS,
          Replication.REASON)),

  /// How changes are followed.
  CHANGES(
      "k8s/docs/changes.md", "node/src/test/java/dev/partita/node/http/ChangesHttpTest.java", true),

  /// How documents are divided by columns.
  COLUMNS(
      "k8s/docs/columns.md", "node/src/test/java/dev/partita/node/http/ColumnsPageTest.java", true),

  /// How images are made.
  IMAGES(
      "k8s/docs/images.md", "k8s/image/src/test/java/dev/partita/image/RegistryIT.java", Map.of()),

  /// From the first to the last day in a cluster.
  INSTALL("k8s/docs/install.md", "helm/src/test/java/dev/partita/chart/ChartIT.java", Map.of()),

  /// Certificates, users and tokens.
  SECURITY(
      "k8s/docs/security.md",
      "helm/src/test/java/dev/partita/chart/ChartIT.java",
      Map.of(
          "./mvnw -Psbom package -DskipTests",
          "builds all modules; .ci/run runs it, and looks at the list")),

  /// Changes to a running database.
  UPGRADES(
      "k8s/docs/upgrades.md",
      "k8s/launcher/src/test/java/dev/partita/launcher/UpgradeIT.java",
      Map.of()),

  /// Metrics, alerts, dashboards.
  WATCH(
      "k8s/docs/watch.md",
      "k8s/launcher/src/test/java/dev/partita/launcher/MonitoringIT.java",
      Map.of());

  private final String path;
  private final String suite;
  private final boolean oneScript;

  @SuppressWarnings("ImmutableEnumChecker") // copies are not changed
  private final Map<String, String> notRun;

  DocumentedPage(String path, String suite, Map<String, String> notRun) {
    this(path, suite, notRun, false);
  }

  /// @param oneScript true: nothing is left out
  DocumentedPage(String path, String suite, boolean oneScript) {
    this(path, suite, Map.of(), oneScript);
  }

  DocumentedPage(String path, String suite, Map<String, String> notRun, boolean oneScript) {
    this.path = path;
    this.suite = suite;
    this.oneScript = oneScript;
    this.notRun = Map.copyOf(notRun);
  }

  /// Below the checkout.
  public String path() {
    return path;
  }

  /// The source of the suite, below the checkout.
  String suite() {
    return suite;
  }

  /// Whether the suite reads the page by itself and runs all of it as one script.
  boolean isOneScript() {
    return oneScript;
  }

  /// Commands that no suite can run, each with the reason.
  Map<String, String> notRun() {
    return notRun;
  }

  private static final class Replication {
    static final String REASON = "measures for minutes, and wants the machine for itself";
    static final String PLAIN =
        "./mvnw -q -Preplication-benchmark -pl node -am process-test-classes -Dpartita.benchmark.tls=false";
    static final String TLS =
        "./mvnw -q -Preplication-benchmark -pl node -am process-test-classes -Dpartita.benchmark.tls=true";
  }
}
