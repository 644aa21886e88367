package dev.partita.crd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Holds the committed definitions equal to the records; `-Dpartita.rewrite=true` writes them anew.
class CrdYamlTest {

  private static final Path DIRECTORY = Path.of("").toAbsolutePath();

  @Test
  void committedDefinitionsAreTheGeneratedOnes() throws IOException {
    Map<String, String> generated = CrdYaml.generate();
    if (Boolean.getBoolean("partita.rewrite")) {
      for (Map.Entry<String, String> file : generated.entrySet()) {
        Files.writeString(DIRECTORY.resolve(file.getKey()), file.getValue());
      }
    }
    assertThat(committedFiles()).containsExactlyElementsOf(generated.keySet());
    for (Map.Entry<String, String> file : generated.entrySet()) {
      assertThat(Files.readString(DIRECTORY.resolve(file.getKey())))
          .as("%s is stale: run the tests of crds with -Dpartita.rewrite=true", file.getKey())
          .isEqualTo(file.getValue());
    }
  }

  private static List<String> committedFiles() throws IOException {
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".yml"))
          .sorted()
          .toList();
    }
  }
}
