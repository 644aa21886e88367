package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunStateTest {
  @TempDir Path directory;

  @Test
  void noFileMeansStopped() {
    assertThat(RunState.read(directory.resolve("state.json"))).isEqualTo(RunState.stopped());
  }

  @Test
  void whatWasWrittenIsReadWhileTheProcessLives() {
    RunState state = state(ProcessHandle.current().pid(), startOfThisProcess());
    Path file = directory.resolve("state.json");
    state.write(file);

    assertThat(RunState.read(file)).isEqualTo(state);
  }

  @Test
  void anotherProcessWithTheSameIdMeansStopped() {
    Path file = directory.resolve("state.json");
    state(ProcessHandle.current().pid(), startOfThisProcess() - 3_600_000).write(file);

    assertThat(RunState.read(file)).isEqualTo(RunState.stopped());
  }

  private static RunState state(long pid, long startedAtMillis) {
    return new RunState(
        "Ready", pid, startedAtMillis, "http://127.0.0.1:8080", "kubeconfig", null, null, null);
  }

  private static long startOfThisProcess() {
    return ProcessHandle.current().info().startInstant().map(Instant::toEpochMilli).orElseThrow();
  }
}
