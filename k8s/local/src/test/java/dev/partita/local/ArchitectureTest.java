package dev.partita.local;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.partita.local",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  @ArchTest
  static final ArchRule packagesHaveNoCycles =
      slices().matching("dev.partita.local.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule importsPointDown =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("shell")
          .definedBy("dev.partita.local")
          .layer("runner")
          .definedBy("dev.partita.local.runner")
          .layer("edges")
          .definedBy("dev.partita.local.api", "dev.partita.local.controller")
          .layer("object")
          .definedBy("dev.partita.local.object")
          .layer("state")
          .definedBy("dev.partita.local.store", "dev.partita.local.kind", "dev.partita.local.patch")
          .layer("schema")
          .definedBy("dev.partita.local.schema")
          .layer("json")
          .definedBy("dev.partita.local.json")
          .whereLayer("shell")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("runner")
          .mayOnlyBeAccessedByLayers("shell")
          .whereLayer("edges")
          .mayOnlyBeAccessedByLayers("shell", "runner")
          .whereLayer("object")
          .mayOnlyBeAccessedByLayers("shell", "runner", "edges")
          .whereLayer("state")
          .mayOnlyBeAccessedByLayers("shell", "runner", "edges", "object")
          .whereLayer("schema")
          .mayOnlyBeAccessedByLayers("state", "object", "edges");

  @ArchTest
  static final ArchRule onlyTheStoreKnowsRocksDb =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.partita.local.store")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.rocksdb..");

  @ArchTest
  static final ArchRule onlySchemasKnowCel =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.partita.local.schema")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.cel..");

  @ArchTest
  static final ArchRule onlyTheApiKnowsTheHttpServer =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.partita.local.api")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.sun.net.httpserver..");
}
