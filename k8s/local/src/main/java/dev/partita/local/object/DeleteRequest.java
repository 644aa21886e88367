package dev.partita.local.object;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.local.json.Json;

/// The options of a deletion.
///
/// @param graceSeconds how long a pod has to stop, negative if the pod's own period counts
/// @param uid deletes only the object with this uid, empty for any
/// @param resourceVersion deletes only this version, empty for any
public record DeleteRequest(
    boolean dryRun,
    long graceSeconds,
    Propagation propagation,
    String uid,
    String resourceVersion) {

  /// What happens to the objects that the deleted one owns.
  public enum Propagation {
    /// They are removed after it.
    BACKGROUND,
    /// They are removed before it.
    FOREGROUND,
    /// They stay, without the owner.
    ORPHAN
  }

  /// A deletion in the background, with the usual grace.
  public static DeleteRequest background() {
    return new DeleteRequest(false, -1, Propagation.BACKGROUND, "", "");
  }

  /// Removes an object at once.
  public static DeleteRequest now(String uid) {
    return new DeleteRequest(false, 0, Propagation.BACKGROUND, uid, "");
  }

  /// Reads a `DeleteOptions` object.
  public static DeleteRequest of(JsonNode options, boolean dryRun) {
    Propagation propagation =
        switch (Json.string(options, "propagationPolicy")) {
          case "Foreground" -> Propagation.FOREGROUND;
          case "Orphan" -> Propagation.ORPHAN;
          default ->
              options.path("orphanDependents").asBoolean()
                  ? Propagation.ORPHAN
                  : Propagation.BACKGROUND;
        };
    return new DeleteRequest(
        dryRun || !Json.elements(options, "dryRun").isEmpty(),
        Json.number(options, -1, "gracePeriodSeconds"),
        propagation,
        Json.string(options, "preconditions", "uid"),
        Json.string(options, "preconditions", "resourceVersion"));
  }
}
