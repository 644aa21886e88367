package dev.partita.launcher;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.partita.launcher",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  /// The launcher drives the database as a user does: through Kubernetes and HTTP.
  @ArchTest
  static final ArchRule databaseAndOperatorAreOtherProcesses =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.partita.node..", "dev.partita.operator..", "org.rocksdb..");
}
