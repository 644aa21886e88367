package dev.partita.crd;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/// A place where node pods run: one cloud, region and set of zones, or an edge location. One Site
/// is one StatefulSet.
@Group("partita.dev")
@Version("v1alpha1")
@ShortNames("site")
@Categories("partita")
@ValidationRule(
    value =
        "self.metadata.name.size() <= 45 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message =
        "the name of a Site must be a DNS label of at most 45 characters that starts with a letter")
@AdditionalPrinterColumn(
    name = "Nodes",
    jsonPath = ".spec.nodes",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Ready",
    jsonPath = ".status.readyNodes",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Phase",
    jsonPath = ".status.phase",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Edge",
    jsonPath = ".spec.edge",
    type = AdditionalPrinterColumn.Type.BOOLEAN)
@AdditionalPrinterColumn(
    name = "Cloud",
    jsonPath = ".spec.cloud",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Region",
    jsonPath = ".spec.region",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Age",
    jsonPath = ".metadata.creationTimestamp",
    type = AdditionalPrinterColumn.Type.DATE)
public final class Site extends CustomResource<SiteSpec, SiteStatus> implements Namespaced {

  /// A record has no empty value to start from.
  @Override
  protected @Nullable SiteSpec initSpec() {
    return null;
  }

  /// Nothing is observed yet.
  @Override
  protected @Nullable SiteStatus initStatus() {
    return null;
  }
}
