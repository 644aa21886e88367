package dev.partita.operator.repartition;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/// What a policy says about one Partition.
public sealed interface Finding {

  /// Why a Partition is to be split.
  enum Reason {
    /// It is too large.
    SIZE("BySize"),
    /// It is nearly too large, and all new rows go to one end: split there, it stays full.
    SEQUENCE("BySequence"),
    /// It has too much to do.
    LOAD("ByLoad");

    private final String text;

    Reason(String text) {
      this.text = text;
    }

    /// One CamelCase word for conditions.
    public String text() {
      return text;
    }
  }

  /// It is to stay as it is.
  record Nothing() implements Finding {}

  /// It is to be split.
  ///
  /// @param at the first key of the second half; null where its modulus is doubled
  /// @param because a clause for people that does not change while the reason holds
  /// @param figure what was measured
  record Due(Reason reason, @Nullable JsonNode at, String because, String figure)
      implements Finding {}

  /// It would be split if that were possible or did help.
  ///
  /// @param reason one CamelCase word for programs
  /// @param message a sentence for people, with the way out, that does not change while the reason
  ///   holds
  record Indivisible(String reason, String message) implements Finding {}
}
