package dev.partita.launcher;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// `up --detach`: starts `up` as a background process, shows its progress, and returns once it is
/// ready or has failed.
final class Detached {
  private static final long POLL_MILLIS = 200;

  private Detached() {}

  /// Runs the command and gives its exit code: 0 when all is ready.
  static int up(Workspace workspace) {
    RunState running = RunState.read(workspace.stateFile());
    if (running.process().isPresent()) {
      System.out.println("already running: " + running.http());
      return running.phase().equals("Ready") ? 0 : follow(workspace, running.process().get());
    }
    try {
      Files.createDirectories(workspace.directory());
      Files.deleteIfExists(workspace.stateFile());
      Path log = workspace.launcherLog();
      Files.writeString(log, "");
      Process process =
          new ProcessBuilder(command())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
              .start();
      return follow(workspace, process.toHandle());
    } catch (IOException e) {
      throw new LaunchFailure("cannot start the background process: " + e, e);
    }
  }

  private static List<String> command() {
    List<String> command = new ArrayList<>();
    command.add(JavaCommand.java());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.add("up");
    // A session of its own, so that closing the terminal or Ctrl-C there does not end it.
    if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
      command.addFirst("/usr/bin/setsid");
    }
    return command;
  }

  private static int follow(Workspace workspace, ProcessHandle process) {
    long position = 0;
    while (true) {
      boolean alive = process.isAlive();
      position = print(workspace.launcherLog(), position);
      RunState state =
          Files.exists(workspace.stateFile())
              ? RunState.read(workspace.stateFile())
              : RunState.stopped();
      if (state.phase().equals("Ready")) {
        return 0;
      }
      if (state.phase().equals("Failed") || !alive) {
        System.err.println("partita: not started; see " + workspace.launcherLog());
        return 1;
      }
      pause();
    }
  }

  private static long print(Path log, long position) {
    try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
      byte[] news = new byte[(int) (file.length() - position)];
      file.seek(position);
      file.readFully(news);
      System.out.print(new String(news, StandardCharsets.UTF_8));
      System.out.flush();
      return position + news.length;
    } catch (IOException e) {
      throw new LaunchFailure("cannot read " + log + ": " + e, e);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LaunchFailure("interrupted while waiting", e);
    }
  }
}
