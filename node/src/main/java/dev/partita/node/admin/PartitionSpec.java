package dev.partita.node.admin;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A Partition as it is asked for (`PUT /admin/v1/partitions/{name}`).
///
/// @param bounds the JSON form of [dev.partita.node.partition.Bounds], equal to the custom
///   resource's: one of `range`, `hash`, `columns`
/// @param replicas node ids of the first members; null or empty where the operator has yet to
///   choose them
public record PartitionSpec(String collection, JsonNode bounds, @Nullable List<String> replicas) {
  public PartitionSpec {
    replicas = replicas == null ? List.of() : List.copyOf(replicas);
  }

  @Override
  public List<String> replicas() {
    return replicas == null ? List.of() : replicas;
  }
}
