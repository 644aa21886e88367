package dev.partita.local.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpansionTest {
  @ParameterizedTest
  @CsvSource({
    "$(A),1",
    "x$(A)y$(B),x1y2",
    "$(NONE),$(NONE)",
    "$$(A),$(A)",
    "$A,$A",
    "$(A,$(A",
    "plain,plain"
  })
  void variablesAreReplaced(String text, String expected) {
    assertThat(Expansion.variables(text, Map.of("A", "1", "B", "2"))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "/data,/host/d",
    "/data/x,/host/d/x",
    "--dir=/data/x,--dir=/host/d/x",
    "a:/data:b,a:/host/d:b",
    "/database,/database",
    "/var/data,/var/data",
    "/data/sub/x,/host/s/x",
    "/data-old,/data-old",
    "/data.txt,/data.txt",
  })
  void mountPathsAreReplaced(String text, String expected) {
    assertThat(Expansion.mounts(text, Map.of("/data", "/host/d", "/data/sub", "/host/s")))
        .isEqualTo(expected);
  }

  @Test
  void aDirectoryBelowAnotherMountPathIsNotReplacedAgain() {
    Map<String, String> mounts = Map.of("/var/lib/data", "/tmp/up/data", "/tmp", "/tmp/up/tmp");

    assertThat(Expansion.mounts("/var/lib/data/log:/tmp/x", mounts))
        .isEqualTo("/tmp/up/data/log:/tmp/up/tmp/x");
  }
}
