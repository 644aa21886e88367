package dev.partita.crd;

import io.fabric8.crd.generator.annotation.AdditionalPrinterColumn;
import io.fabric8.crdv2.generator.CRDGenerator;
import io.fabric8.crdv2.generator.CRDPostProcessor;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionVersion;
import io.fabric8.kubernetes.api.model.apiextensions.v1.JSONSchemaProps;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/// Generates the definitions of the custom resources from the records.
///
/// What the annotations cannot say is added here: list types, the 64-bit format of whole numbers,
/// the bound on the length of an edge, the required spec, and the order of the printer columns.
final class CrdYaml {

  /// Encoded keys of rows have at most so many bytes, and any of them may become the edge of a
  /// part.
  private static final long EDGE_LENGTH_MAX = 1100;

  private static final long RESOURCE_NAMES_MAX = 16;

  private static final Map<String, String> MAP_LISTS = Map.of("conditions", "type");
  private static final List<String> SET_LISTS = List.of("columns", "zones", "children");
  private static final List<String> WIDE_NUMBERS =
      List.of(
          "origin",
          "width",
          "number",
          "epoch",
          "rows",
          "bytes",
          "entries",
          "operationsPerSecond",
          "observedGeneration");

  private static final Map<String, Class<?>> TYPES =
      Map.of("Site", Site.class, "Partition", Partition.class, "Index", Index.class);

  private CrdYaml() {}

  /// File name to content.
  static Map<String, String> generate() {
    Map<String, ByteArrayOutputStream> files = new TreeMap<>();
    new CRDGenerator()
        .customResourceClasses(Site.class, Partition.class, Index.class)
        .withPostProcessor(new Completion())
        .withOutput(new MemoryOutput(files))
        .detailedGenerate();
    Map<String, String> contents = new TreeMap<>();
    files.forEach(
        (name, bytes) -> contents.put(name + ".yml", bytes.toString(StandardCharsets.UTF_8)));
    return contents;
  }

  /// Keeps the generated files in memory.
  private record MemoryOutput(Map<String, ByteArrayOutputStream> files)
      implements CRDGenerator.CRDOutput<ByteArrayOutputStream> {

    @Override
    public ByteArrayOutputStream outputFor(String name) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      files.put(name, bytes);
      return bytes;
    }

    @Override
    public void close() {}
  }

  /// Completes a generated definition.
  private static final class Completion implements CRDPostProcessor {

    @Override
    public HasMetadata process(HasMetadata generated, String version) {
      CustomResourceDefinition definition = (CustomResourceDefinition) generated;
      List<String> columns = columnNames(definition.getSpec().getNames().getKind());
      for (CustomResourceDefinitionVersion each : definition.getSpec().getVersions()) {
        JSONSchemaProps schema = each.getSchema().getOpenAPIV3Schema();
        schema.setRequired(List.of("spec"));
        complete(schema);
        each.getAdditionalPrinterColumns()
            .sort(Comparator.comparingInt(column -> columns.indexOf(column.getName())));
      }
      return definition;
    }

    /// The generator sorts columns by path; people read them in the order of the annotations.
    private static List<String> columnNames(String kind) {
      return Arrays.stream(
              Objects.requireNonNull(TYPES.get(kind))
                  .getAnnotationsByType(AdditionalPrinterColumn.class))
          .map(AdditionalPrinterColumn::name)
          .toList();
    }

    private static void complete(JSONSchemaProps schema) {
      Map<String, JSONSchemaProps> properties = schema.getProperties();
      if (properties == null) {
        return;
      }
      properties.forEach(Completion::complete);
      properties.values().forEach(Completion::complete);
    }

    private static void complete(String name, JSONSchemaProps property) {
      if (Boolean.TRUE.equals(property.getXKubernetesIntOrString())
          && (name.equals("start") || name.equals("end"))) {
        property.setMaxLength(EDGE_LENGTH_MAX);
      }
      if (property.getAdditionalProperties() != null) {
        property.setMaxProperties(RESOURCE_NAMES_MAX);
      }
      if ("integer".equals(property.getType())) {
        property.setFormat(WIDE_NUMBERS.contains(name) ? "int64" : "int32");
      }
      if ("array".equals(property.getType())) {
        String key = MAP_LISTS.get(name);
        if (key != null) {
          property.setXKubernetesListType("map");
          property.setXKubernetesListMapKeys(List.of(key));
        } else if (SET_LISTS.contains(name)) {
          property.setXKubernetesListType("set");
        } else {
          property.setXKubernetesListType("atomic");
        }
        complete(property.getItems().getSchema());
      }
    }
  }
}
