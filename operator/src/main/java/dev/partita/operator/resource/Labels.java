package dev.partita.operator.resource;

import dev.partita.crd.Site;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import java.util.Map;

/// Labels and annotations of the objects that the operator makes.
public final class Labels {

  /// Label with the name of the Site that an object belongs to.
  public static final String SITE = "partita.dev/site";

  /// Label of what a Site has in another cluster: the identity of the Site.
  public static final String SITE_UID = "partita.dev/site-uid";

  /// Label with the name of the Partition that another one was split from.
  public static final String PARENT = "partita.dev/parent";

  /// Label with the name of the Partition that somebody has declared and another one has some rows
  /// of, over all splits.
  public static final String ROOT = "partita.dev/root";

  /// Annotation with the hash of what the operator wants an object, or a pod template, to be.
  public static final String HASH = "partita.dev/hash";

  /// Annotation of a volume claim: `true` while a replica on it votes.
  public static final String VOTER = "partita.dev/voter";

  /// Selects the objects of all Sites.
  public static final String OF_ANY_SITE = SITE;

  /// Most characters of a label's value, and how many of a longer name are kept beside its hash.
  private static final int VALUE_LENGTH_MAX = 63;

  private static final int VALUE_STEM_LENGTH = 46;

  private Labels() {}

  /// The value of a label that stands for a name: the name itself where it is short enough.
  public static String value(String name) {
    return name.length() <= VALUE_LENGTH_MAX
        ? name
        : name.substring(0, VALUE_STEM_LENGTH) + "-" + ContentHash.of(Map.of("name", name));
  }

  /// What selects the node pods of a Site; immutable in a StatefulSet, so never to be changed.
  public static Map<String, String> selector(String site) {
    return Map.of(
        "app.kubernetes.io/name", "partita", "app.kubernetes.io/component", "node", SITE, site);
  }

  /// Metadata of an object of a Site, which goes with the Site: by an owner reference in the Site's
  /// own cluster, by a label in another one.
  public static ObjectMetaBuilder ownedBy(Site site, String name) {
    String siteName = site.getMetadata().getName();
    ObjectMetaBuilder metadata =
        new ObjectMetaBuilder()
            .withName(name)
            .withNamespace(site.getMetadata().getNamespace())
            .withLabels(ofSite(siteName));
    return site.getSpec().kubeconfigSecret() != null
        ? metadata.addToLabels(SITE_UID, site.getMetadata().getUid())
        : metadata.withOwnerReferences(
            new OwnerReferenceBuilder()
                .withApiVersion(site.getApiVersion())
                .withKind(site.getKind())
                .withName(siteName)
                .withUid(site.getMetadata().getUid())
                .withController(true)
                .withBlockOwnerDeletion(true)
                .build());
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
