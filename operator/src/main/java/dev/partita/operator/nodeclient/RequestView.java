package dev.partita.operator.nodeclient;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;

/// A client's wish for a custom resource, waiting for the operator's answer.
///
/// @param name as the client wrote it
/// @param spec of the custom resource
public record RequestView(String id, Action action, String kind, String name, JsonNode spec) {

  /// What is wanted.
  public enum Action {
    /// The custom resource is to be made.
    @JsonProperty("Create")
    CREATE,
    /// The custom resource is to be deleted.
    @JsonProperty("Delete")
    DELETE
  }
}
