package dev.partita.crd;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/// A secondary index of a collection: what is looked up (terms), what is covered and sorted by
/// (values).
@Group("partita.dev")
@Version("v1alpha1")
@Plural("indexes")
@ShortNames("pidx")
@Categories("partita")
@AdditionalPrinterColumn(
    name = "Collection",
    jsonPath = ".spec.collection",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Unique",
    jsonPath = ".spec.unique",
    type = AdditionalPrinterColumn.Type.BOOLEAN)
@AdditionalPrinterColumn(
    name = "Phase",
    jsonPath = ".status.phase",
    type = AdditionalPrinterColumn.Type.STRING)
@AdditionalPrinterColumn(
    name = "Progress",
    jsonPath = ".status.progress",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Entries",
    jsonPath = ".status.entries",
    type = AdditionalPrinterColumn.Type.INTEGER)
@AdditionalPrinterColumn(
    name = "Age",
    jsonPath = ".metadata.creationTimestamp",
    type = AdditionalPrinterColumn.Type.DATE)
public final class Index extends CustomResource<IndexSpec, IndexStatus> implements Namespaced {

  /// A record has no empty value to start from.
  @Override
  protected @Nullable IndexSpec initSpec() {
    return null;
  }

  /// Nothing is observed yet.
  @Override
  protected @Nullable IndexStatus initStatus() {
    return null;
  }
}
