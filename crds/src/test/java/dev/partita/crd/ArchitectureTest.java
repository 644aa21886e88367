package dev.partita.crd;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.partita.crd", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  /// The models are data: no client, no file, no socket.
  @ArchTest
  static final ArchRule modelsAreData =
      classes()
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "dev.partita.crd",
              "com.fasterxml.jackson.annotation..",
              "com.fasterxml.jackson.databind.annotation..",
              "com.fasterxml.jackson.databind",
              "io.fabric8.crd.generator.annotation..",
              "io.fabric8.generator.annotation..",
              "io.fabric8.kubernetes.api.model..",
              "io.fabric8.kubernetes.client",
              "io.fabric8.kubernetes.model..",
              "org.jspecify.annotations..",
              "java.lang..",
              "java.math..",
              "java.nio.charset..",
              "java.util..");
}
