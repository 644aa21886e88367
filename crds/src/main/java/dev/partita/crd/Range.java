package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.crd.generator.annotation.SchemaFrom;
import io.fabric8.generator.annotation.ValidationRule;
import io.fabric8.kubernetes.api.model.IntOrString;
import org.jspecify.annotations.Nullable;

/// A range of the partition key: either `start` (inclusive) to `end` (exclusive), each open when
/// absent, or the keys x with `floor((x - origin) / width) = number`. Without `number` all
/// integers, in intervals of that width, each of which gets a Partition when its first key is
/// written.
///
/// The types of the edges are compared through `== int` because the API server cannot bound the
/// cost of comparing two results of `type()`.
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value =
        "(has(self.origin) || has(self.width) || has(self.number))"
            + " ? has(self.origin) && has(self.width) && !has(self.start) && !has(self.end) : true",
    message = "a range is either start and end, or origin and width, with a number or without")
@ValidationRule(
    value =
        "!has(self.start) || !has(self.end) || type(self.start) == int || type(self.end) != int",
    message = "integers come before strings: a range from a string cannot end at an integer")
@ValidationRule(
    value =
        "!has(self.start) || !has(self.end) || (type(self.start) == int) != (type(self.end) == int) || self.start < self.end",
    message = "start must be less than end")
@ValidationRule(
    value = "!has(self.width) || self.width > 0",
    message = "width must be greater than 0")
public record Range(
    @JsonPropertyDescription("First key of the range, integer or string; open when absent.")
        @SchemaFrom(type = IntOrString.class)
        @Nullable Edge start,
    @JsonPropertyDescription("First key behind the range, integer or string; open when absent.")
        @SchemaFrom(type = IntOrString.class)
        @Nullable Edge end,
    @JsonPropertyDescription("Where the range with number 0 starts.") @Nullable Long origin,
    @JsonPropertyDescription("Number of keys in each range.") @Nullable Long width,
    @JsonPropertyDescription(
            "Which of the ranges of that width; when absent all of them, each made when its first key is written.")
        @Nullable Long number) {

  /// The range from `start` (inclusive) to `end` (exclusive); null is open.
  public static Range between(@Nullable Edge start, @Nullable Edge end) {
    return new Range(start, end, null, null, null);
  }

  /// All ranges of that width.
  public static Range family(long origin, long width) {
    return new Range(null, null, origin, width, null);
  }

  /// The keys x with `floor((x - origin) / width) = number`.
  public static Range numbered(long origin, long width, long number) {
    return new Range(null, null, origin, width, number);
  }
}
