package dev.partita.operator.nodeclient;

import org.jspecify.annotations.Nullable;

/// What came of a call to a node.
public sealed interface Answer<T> {

  /// The node did, or had already done, what was asked.
  record Done<T>(T value) implements Answer<T> {}

  /// The data plane refuses; asking another node gives the same answer.
  ///
  /// @param status of HTTP, 400 to 499
  /// @param code stable word for programs, such as `OVERLAP`
  /// @param with name of the object that stands in the way
  record Refused<T>(int status, String code, String detail, @Nullable String with)
      implements Answer<T> {

    /// Why, for people: with what it does not go together.
    public String reason() {
      return with == null ? detail : "%s (%s)".formatted(detail, with);
    }
  }

  /// Nobody knows whether it was done: no answer in time, or the node cannot answer now.
  record Unreachable<T>(String reason) implements Answer<T> {}
}
