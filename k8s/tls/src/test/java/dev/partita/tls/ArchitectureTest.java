package dev.partita.tls;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.partita.tls", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  /// Nodes use certificates and never issue any, so they come without the library.
  @ArchTest
  static final ArchRule onlyTheAuthorityNeedsBouncyCastle =
      noClasses()
          .that()
          .doNotHaveSimpleName("CertificateAuthority")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.bouncycastle..");
}
