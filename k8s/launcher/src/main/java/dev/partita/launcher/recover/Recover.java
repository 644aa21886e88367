package dev.partita.launcher.recover;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/// Has the nodes of one namespace plan and carry out a recovery, and prints what they say.
public final class Recover {
  private static final int TIMEOUT_MILLIS = 10_000;

  private static final int DONE = 0;
  private static final int REFUSED = 1;
  private static final int MISUSED = 2;

  private Recover() {}

  /// Runs the command.
  ///
  /// @param kubeconfig of the cluster, asked for only if the arguments make sense
  /// @return the exit code: 0 when it was done, or a plan can be applied
  public static int run(Supplier<Path> kubeconfig, List<String> arguments, PrintStream out) {
    RecoverOptions options;
    try {
      options = RecoverOptions.parse(arguments);
    } catch (IllegalArgumentException e) {
      out.print("partita: recover: " + e.getMessage() + "\n\n" + RecoverOptions.USAGE);
      return MISUSED;
    }
    Config config =
        new ConfigBuilder(Config.fromKubeconfig(kubeconfig.get().toFile()))
            .withConnectionTimeout(TIMEOUT_MILLIS)
            .withRequestTimeout(TIMEOUT_MILLIS)
            .withRequestRetryBackoffLimit(0)
            .build();
    String namespace = Objects.requireNonNullElse(config.getNamespace(), "default");
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
      return run(options, new NodeDoor(client, namespace, System.getenv()), out);
    } catch (NodeDoor.Refusal | KubernetesClientException e) {
      out.println("partita: " + e.getMessage());
      return REFUSED;
    }
  }

  private static int run(RecoverOptions options, NodeDoor door, PrintStream out) {
    return switch (options.action()) {
      case PLAN -> {
        JsonNode plan = door.ask("/plan", Optional.of(body(options)), options.lost());
        out.print(RecoverPage.plan(plan, options));
        yield plan.path("refusals").isEmpty() ? DONE : REFUSED;
      }
      case APPLY -> {
        JsonNode outcome =
            door.ask(
                "/apply", Optional.of(body(options).put("plan", options.id())), options.lost());
        out.print(RecoverPage.applied(outcome));
        yield outcome.path("failures").isEmpty() ? DONE : REFUSED;
      }
      case LIST -> {
        out.print(RecoverPage.list(door.ask("", Optional.empty(), List.of())));
        yield DONE;
      }
      case ACKNOWLEDGE -> {
        var _ =
            door.ask(
                "/" + options.id() + "/acknowledge",
                Optional.of(JsonNodeFactory.instance.objectNode()),
                List.of());
        out.println("recovery " + options.id() + " is acknowledged");
        yield DONE;
      }
    };
  }

  private static ObjectNode body(RecoverOptions options) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    options.lost().forEach(body.putArray("lost")::add);
    options.edges().forEach(body.putArray("edges")::add);
    return body;
  }
}
