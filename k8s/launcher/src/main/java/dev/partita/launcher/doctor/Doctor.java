package dev.partita.launcher.doctor;

import dev.partita.launcher.doctor.Finding.Severity;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/// Looks at one namespace of a cluster and prints what is wrong.
public final class Doctor {

  /// Somebody waits in front of the terminal.
  private static final int TIMEOUT_MILLIS = 10_000;

  private static final int WELL = 0;
  private static final int ILL = 1;

  private Doctor() {}

  /// Prints the page.
  ///
  /// @return the exit code: 0 when nothing is wrong
  public static int examine(Path kubeconfig, PrintStream out) {
    Config config =
        new ConfigBuilder(Config.fromKubeconfig(kubeconfig.toFile()))
            .withConnectionTimeout(TIMEOUT_MILLIS)
            .withRequestTimeout(TIMEOUT_MILLIS)
            .withRequestRetryBackoffLimit(0)
            .build();
    String namespace = Objects.requireNonNullElse(config.getNamespace(), "default");
    String where = "namespace " + namespace + " of " + config.getMasterUrl();
    try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
      Observation seen = new Observer(client, namespace).observe();
      List<Finding> findings = Diagnosis.of(seen);
      out.print(Report.of(where, seen, findings));
      return findings.stream().anyMatch(each -> each.severity() == Severity.PROBLEM) ? ILL : WELL;
    } catch (KubernetesClientException e) {
      out.println("Partita in " + where);
      out.println();
      out.println("nothing can be seen: " + e.getMessage());
      out.println(
          "      -> see that the control plane runs (./partita status, kubectl cluster-info), that the definitions are"
              + " installed (kubectl get crd), and that you may read them");
      return ILL;
    }
  }
}
