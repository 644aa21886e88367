package dev.partita.operator.placement;

import dev.partita.crd.SiteRequirement;
import dev.partita.crd.SiteSelector;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Selection of Sites by labels, with the meaning that Kubernetes gives to its label selectors.
public final class Selectors {

  private Selectors() {}

  /// Whether labels meet all requirements of a selector.
  public static boolean matches(SiteSelector selector, Map<String, String> labels) {
    return labels.entrySet().containsAll(selector.matchLabels().entrySet())
        && selector.matchExpressions().stream().allMatch(each -> isMet(each, labels));
  }

  private static boolean isMet(SiteRequirement requirement, Map<String, String> labels) {
    String value = labels.get(requirement.key());
    return switch (requirement.operator()) {
      case In -> value != null && requirement.values().contains(value);
      case NotIn -> value == null || !requirement.values().contains(value);
      case Exists -> value != null;
      case DoesNotExist -> value == null;
    };
  }

  /// A selector as `kubectl get sites --selector` takes it.
  public static String text(SiteSelector selector) {
    List<String> parts = new ArrayList<>();
    new TreeMap<>(selector.matchLabels()).forEach((key, value) -> parts.add(key + "=" + value));
    for (SiteRequirement each : selector.matchExpressions()) {
      String values = "(" + String.join(",", each.values()) + ")";
      parts.add(
          switch (each.operator()) {
            case In -> each.key() + " in " + values;
            case NotIn -> each.key() + " notin " + values;
            case Exists -> each.key();
            case DoesNotExist -> "!" + each.key();
          });
    }
    return String.join(",", parts);
  }
}
