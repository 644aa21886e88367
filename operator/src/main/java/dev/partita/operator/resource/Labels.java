package dev.partita.operator.resource;

import java.util.Map;

/// Labels and annotations of the objects that the operator makes.
public final class Labels {

  /// Label with the name of the Site that an object belongs to.
  public static final String SITE = "partita.dev/site";

  /// Annotation with the hash of what the operator wants an object, or a pod template, to be.
  public static final String HASH = "partita.dev/hash";

  /// Annotation of a volume claim: `true` while a replica on it votes.
  public static final String VOTER = "partita.dev/voter";

  /// Selects the objects of all Sites.
  public static final String OF_ANY_SITE = SITE;

  private Labels() {}

  /// What selects the node pods of a Site; immutable in a StatefulSet, so never to be changed.
  public static Map<String, String> selector(String site) {
    return Map.of(
        "app.kubernetes.io/name", "partita", "app.kubernetes.io/component", "node", SITE, site);
  }

  /// Labels of every object of a Site.
  public static Map<String, String> ofSite(String site) {
    return Map.of(
        "app.kubernetes.io/name",
        "partita",
        "app.kubernetes.io/component",
        "node",
        "app.kubernetes.io/instance",
        site,
        "app.kubernetes.io/part-of",
        "partita",
        "app.kubernetes.io/managed-by",
        "partita-operator",
        SITE,
        site);
  }
}
