package dev.partita.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every command that the documentation tells users is run by a suite.
class DocumentedPageTest {
  private static final Path CHECKOUT = Path.of(System.getProperty("partita.checkout"));

  @Test
  void everyPageWithCommandsHasItsSuite() throws IOException {
    Set<String> pages = new TreeSet<>();
    try (Stream<Path> files = Files.walk(CHECKOUT.resolve("k8s/docs"))) {
      for (Path file : Stream.concat(files, Stream.of(CHECKOUT.resolve("README.md"))).toList()) {
        if (file.toString().endsWith(".md") && !Page.read(file).commands().isEmpty()) {
          pages.add(CHECKOUT.relativize(file).toString());
        }
      }
    }

    assertThat(Stream.of(DocumentedPage.values()).map(DocumentedPage::path))
        .containsExactlyInAnyOrderElementsOf(pages);
  }

  @ParameterizedTest
  @EnumSource
  void theSuiteRunsThePageAndLeavesNothingOut(DocumentedPage page) {
    if (page.isOneScript()) {
      assertThat(CHECKOUT.resolve(page.suite())).content().contains("\"" + page.path() + "\"");
      return;
    }
    assertThat(CHECKOUT.resolve(page.suite()).getParent())
        .isDirectoryContaining(file -> contains(file, "DocumentedPage." + page));
    assertThat(CHECKOUT.resolve(page.suite())).content().contains(".assertComplete()");
  }

  private static boolean contains(Path file, String text) {
    try {
      return Files.isRegularFile(file) && Files.readString(file).contains(text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatIsNotRunStandsOnThePage(DocumentedPage page) throws IOException {
    assertThat(Page.read(CHECKOUT.resolve(page.path())).commands())
        .containsAll(page.notRun().keySet());
  }

  @Test
  void blocksAreCommandsUnlessTheyShowThatTheyAreNot(@TempDir Path directory) throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("page.md"),
            """
            # A page

            ## First

                one
                two \\
                  continued
                three <<'EOF'
                a
                EOF

                kind: Site
                spec: {}

            ## Second

                $ kubectl get nothing
                NAME

            ## Third

                GET /v1/x

                four
            """);

    Page page = Page.read(file);

    assertThat(page.commands())
        .containsExactly("one", "two \\\n  continued", "three <<'EOF'\na\nEOF", "four");
    assertThat(
            page.sections().entrySet().stream()
                .collect(Collectors.toMap(each -> each.getKey(), each -> each.getValue().size())))
        .hasSize(2)
        .containsEntry("First", 1)
        .containsEntry("Third", 1);
  }
}
