package dev.partita.node.http;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;

import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import jakarta.ws.rs.HttpMethod;

/// An endpoint that declares no right is refused to everybody; this tells it before anybody
/// notices.
@AnalyzeClasses(
    packages = "dev.partita.node.http",
    importOptions = ImportOption.DoNotIncludeTests.class)
class EndpointRightsTest {
  @ArchTest
  static final ArchRule everyEndpointDeclaresARight =
      methods()
          .that()
          .areMetaAnnotatedWith(HttpMethod.class)
          .should(
              new ArchCondition<>("declare a right with @Requires") {
                @Override
                public void check(JavaMethod method, ConditionEvents events) {
                  boolean declared =
                      method.isAnnotatedWith(Requires.class)
                          || method.getOwner().isAnnotatedWith(Requires.class);
                  events.add(
                      new SimpleConditionEvent(
                          method, declared, method.getFullName() + " declares no right"));
                }
              });
}
