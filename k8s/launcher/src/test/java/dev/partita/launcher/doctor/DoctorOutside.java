package dev.partita.launcher.doctor;

import io.fabric8.kubernetes.client.KubernetesClient;

/// The doctor where no address of a pod can be reached, as on a machine outside of the cluster.
public final class DoctorOutside {
  private DoctorOutside() {}

  /// The page that it would print.
  public static String page(KubernetesClient client, String namespace) {
    Observation seen = new Observer(client, namespace, false).observe();
    return Report.of("namespace " + namespace, seen, Diagnosis.of(seen));
  }
}
