package dev.partita.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/// Gives all tests of one JVM a real control plane, when the system property `partita.testbed` is
/// true: starts it before the first test, tells its kubeconfig in the property
/// `partita.kubeconfig`, which the suites read, and stops it after the last.
public final class TestbedSession implements LauncherSessionListener {

  /// What stands for images: a fake node answers in the tests' own JVM, so its pod does nothing.
  static final Map<String, List<String>> IMAGES =
      Map.of("partita/fake-node", List.of("sleep", "infinity"));

  private @Nullable Testbed testbed;

  @Override
  public void launcherSessionOpened(LauncherSession session) {
    if (!Boolean.getBoolean("partita.testbed")) {
      return;
    }
    try {
      Path directory = Files.createTempDirectory("testbed");
      testbed = Testbed.start(Path.of(System.getProperty("partita.checkout")), directory, IMAGES);
      System.setProperty("partita.kubeconfig", testbed.kubeconfig().toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void launcherSessionClosed(LauncherSession session) {
    if (testbed != null) {
      testbed.close();
    }
  }
}
