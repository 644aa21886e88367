package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// One round of trouble, of every kind once, with a fixed seed.
@EnabledOnOs(value = OS.LINUX, disabledReason = "only Linux has all addresses of 127.0.0.0/8")
class TortureIT {
  private static final long SEED = 20_261_315;

  @TempDir Path directory;

  @Test
  void aRoundOfTroubleDoesNotShow() throws Exception {
    Path jar =
        Path.of(System.getProperty("partita.checkout"), "node/target/quarkus-app/quarkus-run.jar");

    Torture.Outcome outcome =
        Torture.run(jar, directory, null, Duration.ofSeconds(1), Duration.ofSeconds(20), SEED);

    assertThat(outcome.anomalies()).isEmpty();
    assertThat(outcome.made())
        .contains(
            "split", "merge", "clock", "slow disk", "failing disk", "which has ended its node")
        .anyMatch(each -> each.matches("[1-9].* splits and [0-9]+ merges done, .*"));
    assertThat(directory.resolve("history.jsonl")).isNotEmptyFile();
    assertThat(directory.resolve("history.edn")).isNotEmptyFile();
  }
}
