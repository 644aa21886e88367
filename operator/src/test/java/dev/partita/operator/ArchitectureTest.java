package dev.partita.operator;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.partita.operator",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule PACKAGES_HAVE_NO_CYCLES =
      slices().matching("dev.partita.operator.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule DECISIONS_ARE_PURE =
      noClasses()
          .that()
          .resideInAnyPackage("..placement..", "..repartition..", "..rollout..", "..status..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.fabric8..",
              "io.javaoperatorsdk..",
              "io.quarkus..",
              "java.net..",
              "java.io..",
              "java.util.concurrent..");

  @ArchTest
  static final ArchRule NODES_ARE_CALLED_IN_ONE_PLACE =
      noClasses()
          .that()
          .resideOutsideOfPackage("..nodeclient..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.net.http..");

  @ArchTest
  static final ArchRule QUARKUS_STAYS_IN_THE_WIRING =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.partita.operator")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.quarkus..",
              "jakarta.inject..",
              "jakarta.enterprise..",
              "org.eclipse.microprofile..");
}
