package dev.partita.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.partita.bench",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  /// Everything else is measured from outside, through HTTP.
  @ArchTest
  static final ArchRule onlyWhatSaysSoRunsTheDatabaseInside =
      noClasses()
          .that()
          .haveNameNotMatching("dev\\.partita\\.bench\\.InProcess(Oracle)?")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.partita.node..");

  @ArchTest
  static final ArchRule onlyEtcdKnowsGrpc =
      noClasses()
          .that()
          .haveNameNotMatching("dev\\.partita\\.bench\\.Etcd(\\$.*)?")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.grpc..");
}
