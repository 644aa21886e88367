package dev.partita.operator.index;

import dev.partita.crd.IndexSpec;
import dev.partita.crd.Location;
import dev.partita.crd.Partition;
import dev.partita.crd.PartitionSpec;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Whether the copies that an index keeps may be where they will be.
///
/// Most indexes lie with the rows, and go where these go. A unique index keeps keys and digests of
/// the terms of all Partitions of its collection together, and an index over several column groups
/// keeps columns of these together, on nodes of one of them. So all of them must have the same
/// residency.
public final class IndexResidency {

  private IndexResidency() {}

  /// Why an index cannot be, empty if it can.
  ///
  /// @param partitions of the namespace, of which those of other collections do not matter
  public static Optional<String> obstacle(IndexSpec index, List<Partition> partitions) {
    List<Partition> concerned =
        partitions.stream()
            .filter(partition -> partition.getSpec().collection().equals(index.collection()))
            .filter(partition -> hasFields(partition.getSpec(), index))
            .toList();
    boolean joint =
        concerned.stream().filter(partition -> partition.getSpec().columns() != null).count() > 1;
    if (!index.unique() && !joint) {
      return Optional.empty();
    }
    return concerned.stream()
        .filter(partition -> !residency(partition).equals(residency(concerned.getFirst())))
        .findFirst()
        .map(other ->
            "Partitions %s and %s have another spec.residency, and the index keeps %s of both together: give them the same one, or index fields of one of them"
                .formatted(
                    concerned.getFirst().getMetadata().getName(),
                    other.getMetadata().getName(),
                    joint ? "columns" : "keys and digests of terms"));
  }

  /// Whether a Partition has rows with fields of the index: one that is no column group has.
  private static boolean hasFields(PartitionSpec partition, IndexSpec index) {
    List<String> columns = partition.columns();
    return columns == null || fields(index).anyMatch(columns::contains);
  }

  /// The top-level names of the fields.
  private static Stream<String> fields(IndexSpec index) {
    return Stream.concat(
            index.terms().stream().map(IndexSpec.Term::field),
            index.values().stream().map(IndexSpec.Value::field))
        .map(path -> path.split("[.\\[]", 2)[0]);
  }

  private static Set<Location> residency(Partition partition) {
    return Objects.requireNonNullElse(partition.getSpec().residency(), List.<Location>of()).stream()
        .collect(Collectors.toSet());
  }
}
