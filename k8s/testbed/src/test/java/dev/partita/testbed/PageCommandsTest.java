package dev.partita.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a suite runs of a page.
class PageCommandsTest {
  @TempDir private Path checkout;

  @BeforeEach
  void write() throws IOException {
    Files.createDirectories(checkout.resolve("k8s/docs"));
    Files.writeString(
        checkout.resolve(DocumentedPage.WATCH.path()),
        """
        ## One

            word=hello

            echo "$word"

        ## Two

            ./partita doctor NAME
        """);
  }

  @Test
  void sectionsShareAShell() throws Exception {
    assertThat(page(Shell.in(checkout)).runSections("One")).isEqualTo("hello");
    assertThat(page(Shell.in(checkout)).runSections(Map.of("hello", "bye"), "One"))
        .isEqualTo("bye");
  }

  @Test
  void aCommandMayHaveBeenBuiltAlready() throws Exception {
    PageCommands page =
        page(Shell.in(checkout).withCommand("./partita", List.of("echo", "it's")).with("A", "b"));

    assertThat(page.run("./partita doctor NAME", "./partita doctor $A")).isEqualTo("it's doctor b");
  }

  @Test
  void whatNobodyRanIsTold() throws Exception {
    PageCommands page = page(Shell.in(checkout));
    page.runSections("One");

    assertThatThrownBy(page::assertComplete).hasMessageContaining("    ./partita doctor NAME");
    assertThat(page.run("./partita doctor NAME", "true")).isEmpty();
    page.assertComplete();
  }

  @Test
  void whatThePageDoesNotHaveIsNotRun() {
    PageCommands page = page(Shell.in(checkout));

    assertThatThrownBy(() -> page.run("echo other")).hasMessageContaining("has no command");
    assertThatThrownBy(() -> page.runSections("Three")).hasMessageContaining("[One, Two]");
    assertThatThrownBy(() -> page.runSections(Map.of("x y", "z"), "One"))
        .hasMessageContaining("nowhere");
  }

  @Test
  void aScriptEndsAtItsFirstFailure() throws Exception {
    Shell shell = Shell.in(checkout);

    assertThat(shell.refused("echo one; false | true; echo two")).isEqualTo("one");
    assertThat(shell.attempt("exit 3").exitCode()).isEqualTo(3);
    assertThatThrownBy(() -> shell.run("echo reason; exit 1")).hasMessageContaining("reason");
    assertThatThrownBy(() -> shell.refused("true")).hasMessageContaining("not refused");
  }

  private PageCommands page(Shell shell) {
    return PageCommands.of(checkout, DocumentedPage.WATCH, shell);
  }
}
