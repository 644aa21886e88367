package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigInteger;

/// One end of a range: an integer of 64 bits or a string. In JSON it is the bare value.
public sealed interface Edge {

  /// An integer edge.
  record Whole(@JsonValue long value) implements Edge {}

  /// A string edge, ordered by its UTF-8 bytes.
  record Text(@JsonValue String value) implements Edge {}

  /// The edge that a JSON value stands for.
  ///
  /// @throws IllegalArgumentException if the value is neither a string nor an integer of 64 bits
  @JsonCreator
  static Edge of(Object value) {
    return switch (value) {
      case Integer number -> new Whole(number);
      case Long number -> new Whole(number);
      case BigInteger number when number.bitLength() < Long.SIZE ->
          new Whole(number.longValueExact());
      case String text -> new Text(text);
      default ->
          throw new IllegalArgumentException(
              "the edge of a range is an integer of 64 bits or a string");
    };
  }
}
