package dev.partita.node.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;

/// A client's wish for a custom resource, waiting for the operator.
///
/// @param name as the client wrote it; the custom resource's name follows by
///   [dev.partita.node.catalog.ResourceName]
/// @param spec of the custom resource; an empty object for a deletion
public record RequestView(String id, Action action, Kind kind, String name, JsonNode spec) {

  /// What is wanted.
  public enum Action {
    /// The custom resource is to be made.
    @JsonProperty("Create")
    CREATE,
    /// The custom resource is to be deleted.
    @JsonProperty("Delete")
    DELETE
  }

  /// Of which kind the custom resource is.
  public enum Kind {
    /// A Partition.
    @JsonProperty("Partition")
    PARTITION,
    /// An Index.
    @JsonProperty("Index")
    INDEX
  }
}
