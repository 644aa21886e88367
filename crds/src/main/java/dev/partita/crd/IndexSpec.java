package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;

/// What an Index shall be. All of it is immutable: an index with other fields is another index.
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value = "self == oldSelf",
    message = "an Index is immutable: create another one and delete this one")
public record IndexSpec(
    @JsonPropertyDescription("The collection that is indexed.")
        @Required
        @Pattern(Texts.COLLECTION)
        @Size(min = 1, max = 128)
        String collection,
    @JsonPropertyDescription(
            "The fields that are looked up, in this order. They may lie in several column groups of the collection.")
        @Required
        @Size(min = 1, max = 16)
        List<Term> terms,
    @JsonPropertyDescription("The fields that are covered and sorted by, in this order.")
        @Size(max = 16)
        List<Value> values,
    @JsonPropertyDescription("Refuse a second row with the same terms.") @Default("false")
        Boolean unique) {

  @SuppressWarnings("ConstantValue") // JSON may leave a component out, whatever its type says.
  public IndexSpec {
    terms = List.copyOf(terms);
    values = values == null ? List.of() : List.copyOf(values);
    unique = unique != null && unique;
  }

  /// A field that is looked up.
  ///
  /// @param field names joined by dots; `[*]` after a name stands for the elements of an array
  public record Term(
      @JsonPropertyDescription("Path of the field; [*] stands for the elements of an array.")
          @Required
          @Pattern(Texts.FIELD_PATH)
          @Size(min = 1, max = 256)
          String field) {}

  /// A field that is covered and sorted by.
  ///
  /// @param field names joined by dots
  public record Value(
      @JsonPropertyDescription("Path of the field.")
          @Required
          @Pattern(Texts.FIELD_PATH)
          @Size(min = 1, max = 256)
          String field,
      @JsonPropertyDescription("Sort from large to small.") @Default("false") Boolean descending) {

    @SuppressWarnings("ConstantValue") // JSON may leave a component out, whatever its type says.
    public Value {
      descending = descending != null && descending;
    }
  }
}
