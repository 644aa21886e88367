package dev.partita.local.object;

import dev.partita.local.kind.Kind;
import java.util.ArrayList;
import java.util.List;

/// The options of a write, and the warnings that it gathers for the client.
///
/// @param fieldManager who writes, for the ownership of fields
/// @param force whether an apply takes over fields of other managers
public record WriteRequest(
    boolean dryRun,
    String fieldManager,
    FieldValidation validation,
    boolean force,
    List<String> warnings) {

  /// What happens to fields that the schema does not know.
  public enum FieldValidation {
    IGNORE,
    WARN,
    STRICT
  }

  /// A write by a part of the control plane itself.
  public static WriteRequest by(String fieldManager) {
    return new WriteRequest(false, fieldManager, FieldValidation.IGNORE, true, new ArrayList<>());
  }

  /// What a write is about.
  ///
  /// @param namespace empty for kinds of the whole cluster
  /// @param subresource empty for the object itself
  public record Target(Kind kind, String namespace, String name, String subresource) {
    public static Target of(Kind kind, String namespace, String name) {
      return new Target(kind, namespace, name, "");
    }

    boolean status() {
      return subresource.equals("status");
    }
  }
}
