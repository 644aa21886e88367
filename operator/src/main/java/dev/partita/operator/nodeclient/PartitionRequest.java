package dev.partita.operator.nodeclient;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.partita.crd.Hash;
import dev.partita.crd.PartitionSpec;
import dev.partita.crd.Range;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A Partition as the nodes are asked to create it.
///
/// @param replicas ids of the nodes that hold its first replicas
public record PartitionRequest(String collection, Bounds bounds, List<String> replicas) {

  public PartitionRequest {
    replicas = List.copyOf(replicas);
  }

  /// The creation of what a custom resource declares.
  public static PartitionRequest of(PartitionSpec spec, List<String> replicas) {
    return new PartitionRequest(
        spec.collection(), new Bounds(spec.range(), spec.hash(), spec.columns()), replicas);
  }

  /// Exactly one of them, under the same keys as in the custom resource.
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Bounds(
      @Nullable Range range, @Nullable Hash hash, @Nullable List<String> columns) {}
}
