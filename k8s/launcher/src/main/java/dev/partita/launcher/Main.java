package dev.partita.launcher;

import dev.partita.launcher.doctor.Doctor;
import dev.partita.launcher.recover.Recover;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.LogManager;
import java.util.stream.Stream;

/// The command line of `./partita`.
public final class Main {
  private static final String USAGE =
      """
      Usage: ./partita COMMAND

        up [--detach]     bring up a control plane, the operator and three nodes on this machine, with sample data;
                          stays in the foreground until Ctrl-C, or with --detach until all is ready
        status [--json]   say what is running and where to reach it
        doctor            say on one page what is wrong, and what to do about it
        recover           when a quorum is lost for good: go on with what survives ('./partita recover' tells how)
        down [--wipe]     stop it; with --wipe delete its data as well
        image             build container images of the operator and the nodes: './partita image --help'
        bench             measure Partita beside the floors of this machine and beside etcd; '--only CHAPTER' for a part of it
        torture           make all kinds of trouble for three nodes, and judge what their clients have seen
        help              print this

      With KUBECONFIG set, 'up' uses that cluster instead of a control plane of its own: it applies the definitions, the
      operator and the samples there (with the images of PARTITA_OPERATOR_IMAGE and PARTITA_NODE_IMAGE, which the cluster
      must be able to pull), and forwards a port. 'down' removes what 'up' has made there and keeps the volumes, 'down
      --wipe' removes these as well.

      What is left on disk lies in .partita, or where PARTITA_HOME says. The nodes' JVMs get further options from
      PARTITA_JAVA_OPTIONS.
      """;

  /// What `down` waits for a clean stop before it kills.
  private static final long STOP_TIMEOUT_SECONDS = 60;

  private Main() {}

  /// Runs one command and ends the process with its exit code.
  ///
  /// @param arguments the command and its options
  public static void main(String[] arguments) {
    configureLogging();
    Workspace workspace = Workspace.ofEnvironment();
    String command = arguments.length == 0 ? "help" : arguments[0];
    List<String> options =
        Arrays.asList(arguments).subList(Math.min(1, arguments.length), arguments.length);
    try {
      System.exit(run(workspace, command, options));
    } catch (LaunchFailure e) {
      System.err.println("partita: " + e.getMessage());
      System.exit(1);
    }
  }

  private static void configureLogging() {
    try (InputStream properties = Main.class.getResourceAsStream("/logging.properties")) {
      LogManager.getLogManager().readConfiguration(properties);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int run(Workspace workspace, String command, List<String> options) {
    return switch (command) {
      case "up" -> {
        accept(command, options, "--detach");
        yield options.contains("--detach") ? Detached.up(workspace) : Up.inForeground(workspace);
      }
      case "status" -> {
        accept(command, options, "--json");
        yield status(workspace, options.contains("--json"));
      }
      case "doctor" -> {
        accept(command, options);
        yield Doctor.examine(kubeconfig(workspace), System.out);
      }
      case "recover" -> Recover.run(() -> kubeconfig(workspace), options, System.out);
      case "down" -> {
        accept(command, options, "--wipe");
        yield down(workspace, options.contains("--wipe"));
      }
      case "help", "--help", "-h" -> {
        System.out.print(USAGE);
        yield 0;
      }
      default -> {
        System.err.print("partita: there is no command '" + command + "'\n\n" + USAGE);
        yield 2;
      }
    };
  }

  /// The cluster of `KUBECONFIG`, or the one of the last `up`.
  private static Path kubeconfig(Workspace workspace) {
    String given = System.getenv("KUBECONFIG");
    if (given != null && !given.isBlank()) {
      return Path.of(given);
    }
    if (!Files.exists(workspace.kubeconfig())) {
      throw new LaunchFailure(
          "there is nothing to look at: set KUBECONFIG, or start with './partita up'");
    }
    return workspace.kubeconfig();
  }

  private static void accept(String command, List<String> options, String... known) {
    for (String option : options) {
      if (!Arrays.asList(known).contains(option)) {
        throw new LaunchFailure(
            "'" + command + "' has no option '" + option + "': see './partita help'");
      }
    }
  }

  private static int status(Workspace workspace, boolean json) {
    RunState state = RunState.read(workspace.stateFile());
    if (json) {
      System.out.println(state.toJson());
    } else {
      System.out.println("phase       " + state.phase());
      if (state.http() != null) {
        System.out.println("http        " + state.http());
      }
      if (state.cluster() != null) {
        System.out.println("cluster     " + state.cluster() + ", namespace " + state.namespace());
      }
      if (state.kubeconfig() != null) {
        System.out.println("kubeconfig  " + state.kubeconfig());
      }
      if (state.message() != null) {
        System.out.println("message     " + state.message());
      }
    }
    return state.phase().equals("Ready") ? 0 : 3;
  }

  private static int down(Workspace workspace, boolean wipe) {
    RunState state = RunState.read(workspace.stateFile());
    Optional<ProcessHandle> running = state.process();
    running.ifPresent(Main::stop);
    if (state.cluster() != null) {
      return NamedCluster.reconnect(state).down(workspace, wipe);
    }
    Optional<Path> named =
        running.isPresent() ? Optional.empty() : workspace.namedKubeconfig(System.getenv());
    if (named.isPresent()) {
      return NamedCluster.connect(named.get()).down(workspace, wipe);
    }
    RunState.stopped().write(workspace.stateFile());
    if (wipe) {
      delete(workspace.directory());
      System.out.println("stopped; data deleted");
    } else {
      System.out.println("stopped; './partita up' finds the data again");
    }
    return 0;
  }

  private static void stop(ProcessHandle process) {
    process.destroy();
    try {
      process.onExit().get(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (java.util.concurrent.TimeoutException e) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
      throw new LaunchFailure("could not wait for process " + process.pid() + " to end", e);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new LaunchFailure("cannot delete " + directory + ": " + e, e);
    }
  }
}
