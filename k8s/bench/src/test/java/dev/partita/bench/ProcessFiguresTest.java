package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// Figures of this JVM, and of a process that is none.
final class ProcessFiguresTest {

  @Test
  void aJvmHasMemoryAndCompilersThatHaveWorked() throws Exception {
    long self = ProcessHandle.current().pid();
    assertThat(ProcessFigures.residentBytes(self)).isGreaterThan(10L << 20);
    assertThat(ProcessFigures.compilerTime(self)).isPositive();
  }

  @Test
  void whatIsNoJvmHasNoCompilersAndWhatHasEndedNothing() throws Exception {
    Process process = new ProcessBuilder("cat").start();
    try {
      assertThat(ProcessFigures.compilerTime(process.pid())).isEqualTo(Duration.ZERO);
    } finally {
      process.destroyForcibly().waitFor();
    }
    assertThatThrownBy(() -> ProcessFigures.residentBytes(process.pid()))
        .isInstanceOf(IOException.class);
  }
}
