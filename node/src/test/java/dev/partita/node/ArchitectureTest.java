package dev.partita.node;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Which package may know which.
class ArchitectureTest {
  private static final String ROOT = "dev.partita.node";

  /// From the top to the bottom: a layer knows those below it, never those above. Packages of one
  /// layer do not know each other, but for the bottom ones, which [#packagesAreFreeOfCycles]
  /// watches.
  private static final List<List<String>> LAYERS =
      List.of(
          List.of(".http..", ".pgwire.."),
          List.of(""),
          List.of(".admin..", ".document..", ".sql.."),
          List.of(".query.."),
          List.of(".transaction..", ".cluster..", ".recovery.."),
          List.of(".routing..", ".system.."),
          List.of(".catalog.."),
          List.of(".partition.."),
          List.of(".index.."),
          List.of(".replication..", ".storage..", ".transport.."),
          List.of(".raft.."),
          List.of(".key..", ".time..", ".error..", ".config..", ".security.."));

  private final JavaClasses classes =
      new ClassFileImporter()
          .importUrl(Node.class.getProtectionDomain().getCodeSource().getLocation());

  @Test
  void importsPointDown() {
    List<String> above = new ArrayList<>();
    for (List<String> layer : LAYERS) {
      if (!above.isEmpty()) {
        noClasses()
            .that()
            .resideInAnyPackage(packages(layer))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(packages(above))
            .allowEmptyShould(true)
            .check(classes);
      }
      above.addAll(layer);
    }
  }

  private static String[] packages(List<String> suffixes) {
    return suffixes.stream().map(ROOT::concat).toArray(String[]::new);
  }

  @Test
  void everyPackageHasALayer() {
    classes()
        .should()
        .resideInAnyPackage(packages(LAYERS.stream().flatMap(List::stream).toList()))
        .check(classes);
  }

  @Test
  void packagesAreFreeOfCycles() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(classes);
  }

  @Test
  void eachLibraryHasOneOwner() {
    ownedBy(".storage.rocksdb..", "org.rocksdb..");
    ownedBy(".transport..", "io.netty..");
    ownedBy(
        ".http..", "io.quarkus..", "jakarta..", "org.eclipse.microprofile..", "io.micrometer..");
  }

  private void ownedBy(String owner, String... libraries) {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + owner)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(libraries)
        .check(classes);
  }

  @Test
  void theConsensusCoreKnowsOnlyTheLanguage() {
    classes()
        .that()
        .resideInAPackage(ROOT + ".raft..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            ROOT + ".raft..",
            "java.lang..",
            "java.util..",
            "java.nio..",
            "java.time..",
            "org.jspecify..")
        .check(classes);
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".raft..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.concurrent..", "java.nio.channels..", "java.nio.file..")
        .check(classes);
  }

  @Test
  void everyPackageIsDescribedAndNullMarked() throws Exception {
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      List<Path> packages =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .map(Path::getParent)
              .distinct()
              .toList();
      assertThat(packages).isNotEmpty();
      for (Path directory : packages) {
        assertThat(directory.resolve("package-info.java"))
            .content()
            .startsWith("/// ")
            .contains("@NullMarked");
      }
    }
  }
}
