package dev.partita.node.catalog;

import org.jspecify.annotations.Nullable;

/// A client's wish for a custom resource, which only the operator can make or delete.
///
/// @param name as the client wrote it
/// @param spec JSON of the custom resource's spec
/// @param message why it was refused
public record ResourceRequest(
    String id,
    Action action,
    Kind kind,
    String name,
    String spec,
    State state,
    @Nullable String message) {

  /// What is wanted.
  public enum Action {
    /// The resource is to be made.
    CREATE,
    /// The resource is to be deleted.
    DELETE
  }

  /// Of which kind the resource is.
  public enum Kind {
    /// A Partition.
    PARTITION,
    /// An Index.
    INDEX
  }

  /// How far it is.
  public enum State {
    /// The operator has not answered yet.
    PENDING,
    /// The resource was made or deleted; what follows is ordinary reconciliation.
    ACCEPTED,
    /// It was not.
    REFUSED
  }

  ResourceRequest with(State next, @Nullable String newMessage) {
    return new ResourceRequest(id, action, kind, name, spec, next, newMessage);
  }
}
