package dev.partita.node.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Plays the scenario files: commands, a line of dashes, the expected output, an empty line. With
/// `-Dpartita.rewrite=true` the expected output in the source tree is replaced by the actual one,
/// to be reviewed as a diff.
class RaftScenarioTest {

  private static final String SEPARATOR = "----";

  static Stream<Path> scenarios() throws IOException, URISyntaxException {
    URI directory =
        Objects.requireNonNull(RaftScenarioTest.class.getResource("single-node.txt")).toURI();
    try (Stream<Path> files = Files.list(Path.of(directory).getParent())) {
      return files.filter(file -> file.toString().endsWith(".txt")).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void transcriptIsAsExpected(Path file) throws IOException {
    String expected = Files.readString(file);
    String actual = play(expected);
    if (Boolean.getBoolean("partita.rewrite")) {
      Files.writeString(
          Path.of("src/test/resources/dev/partita/node/raft").resolve(file.getFileName()), actual);
    } else {
      assertThat(actual).isEqualTo(expected);
    }
  }

  /// Keeps comments and commands, replaces the outputs.
  private static String play(String script) {
    var scenario = new Scenario();
    var played = new StringBuilder();
    boolean inOutput = false;
    for (String line : script.lines().toList()) {
      if (inOutput) {
        inOutput = !line.isBlank();
      } else if (line.equals(SEPARATOR)) {
        inOutput = true;
      } else if (line.isBlank() || line.startsWith("#")) {
        played.append(line).append('\n');
      } else {
        played
            .append(line)
            .append('\n')
            .append(SEPARATOR)
            .append('\n')
            .append(scenario.run(line))
            .append('\n');
      }
    }
    return played.toString();
  }
}
