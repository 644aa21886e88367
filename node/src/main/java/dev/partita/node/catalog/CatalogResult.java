package dev.partita.node.catalog;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import org.jspecify.annotations.Nullable;

/// What became of a committed [CatalogCommand].
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "result")
@JsonSubTypes({
  @JsonSubTypes.Type(value = CatalogResult.Applied.class, name = "Applied"),
  @JsonSubTypes.Type(value = CatalogResult.Refused.class, name = "Refused")
})
public sealed interface CatalogResult {

  /// It holds in the catalog from this revision on, possibly because it did before.
  record Applied(long revision) implements CatalogResult {}

  /// It contradicts the catalog, which stays as it was.
  ///
  /// @param message a constant text
  /// @param subject what was to be changed
  /// @param with what stands against it
  record Refused(Reason reason, String message, String subject, @Nullable String with)
      implements CatalogResult {}

  /// Why a command was refused.
  enum Reason {
    /// What it names does not exist.
    NOT_FOUND,
    /// The name or id is taken by something else.
    EXISTS,
    /// The bounds overlap those of another Partition.
    OVERLAP,
    /// It contradicts itself or the collection.
    INVALID,
    /// What it names is not in a state for it.
    CONFLICT,
    /// A bound of the catalog is reached.
    TOO_MANY
  }
}
