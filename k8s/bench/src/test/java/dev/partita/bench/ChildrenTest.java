package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ChildrenTest {

  /// A benchmark that tells the number of its child and waits for it.
  static final class Parent {
    public static void main(String[] args) throws IOException, InterruptedException {
      Process child = Children.start(new ProcessBuilder("sleep", "600"));
      System.out.println(child.pid());
      child.waitFor();
    }
  }

  @Test
  void theyEndWithTheirParent() throws IOException {
    Process parent =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Parent.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader told = parent.inputReader()) {
      ProcessHandle child = ProcessHandle.of(Long.parseLong(told.readLine())).orElseThrow();
      assertThat(child.isAlive()).isTrue();
      parent.destroy();
      await().atMost(Duration.ofMinutes(1)).until(() -> !child.isAlive());
    } finally {
      parent.destroyForcibly();
    }
  }
}
