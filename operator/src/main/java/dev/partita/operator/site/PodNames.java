package dev.partita.operator.site;

import java.util.OptionalInt;

/// Names of a Site's pods: the StatefulSet's name and an ordinal from 0.
final class PodNames {

  private PodNames() {}

  static String of(String site, int ordinal) {
    return site + "-" + ordinal;
  }

  /// The ordinal of a pod, or nothing when the name is not one of a pod of that Site.
  static OptionalInt ordinal(String site, String pod) {
    String prefix = site + "-";
    if (!pod.startsWith(prefix) || !pod.substring(prefix.length()).matches("0|[1-9][0-9]{0,5}")) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(Integer.parseInt(pod.substring(prefix.length())));
  }
}
