package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.index.IndexValue;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Datum;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// A document with few fields and few different values, so that entries collide often. Knows its
/// entries in each of [#INDEXES] without any of the code under test.
///
/// @param color null if the field is missing
/// @param size null if the field is missing
/// @param tags elements of an array
/// @param depth a nested field, null if the object around it is missing
public record TestDocument(
    @Nullable Datum color, @Nullable Datum size, List<Datum> tags, @Nullable Datum depth) {

  public static final String COLLECTION = "things";

  public static final List<IndexDefinition> INDEXES =
      List.of(
          index(1, List.of("color"), List.of(IndexValue.descending("size"))),
          index(2, List.of("tags[*]"), List.of(IndexValue.ascending("nested.depth"))),
          index(
              3,
              List.of("color", "nested.depth"),
              List.of(IndexValue.ascending("tags[*]"), IndexValue.descending("size"))),
          index(4, List.of(), List.of(IndexValue.ascending("size"))));

  private static final Datum NULL = new Datum.Null();

  private static final String[] SCALARS = {
    "null",
    "true",
    "-9223372036854775808",
    "-12.5",
    "-2",
    "-1",
    "0",
    "1",
    "1.0",
    "1.5",
    "12345678901234567890.25",
    "\"\"",
    "\"a\"",
    "\"a\\u0000\"",
    "\"ab\"",
    "\"\u00e9\"",
    "\"\uffff\"",
    "\"\ud83d\ude00\""
  };

  private static IndexDefinition index(long id, List<String> terms, List<IndexValue> values) {
    return new IndexDefinition(
        id, "index-" + id, COLLECTION, terms.stream().map(IndexTerm::of).toList(), values, false);
  }

  public static TestDocument random(Random random) {
    var tags = new ArrayList<Datum>();
    for (int count = random.nextInt(4); count > 0; count--) {
      tags.add(scalar(random));
    }
    return new TestDocument(
        random.nextInt(5) == 0 ? null : scalar(random),
        random.nextInt(5) == 0 ? null : scalar(random),
        tags,
        random.nextInt(3) == 0 ? null : scalar(random));
  }

  public static Datum scalar(Random random) {
    return JsonData.datum(JsonData.parse(SCALARS[random.nextInt(SCALARS.length)]));
  }

  public JsonBytes json() {
    var members = new ArrayList<String>();
    if (color != null) {
      members.add("\"color\":" + text(color));
    }
    if (size != null) {
      members.add("\"size\":" + text(size));
    }
    if (!tags.isEmpty()) {
      members.add("\"tags\":[" + String.join(",", tags.stream().map(this::text).toList()) + "]");
    }
    if (depth != null) {
      members.add("\"nested\":{\"depth\":" + text(depth) + "}");
    }
    return JsonBytes.of("{" + String.join(",", members) + "}");
  }

  private String text(Datum datum) {
    return JsonData.toJson(datum).toString();
  }

  /// An entry as the index orders it.
  public record Entry(List<Datum> terms, List<Datum> values) {}

  /// The entries in the index of this id.
  public List<Entry> entries(long index) {
    Datum colorOrNull = orNull(color);
    Datum sizeOrNull = orNull(size);
    Datum depthOrNull = orNull(depth);
    var distinctTags = new LinkedHashSet<>(tags);
    var entries = new ArrayList<Entry>();
    if (index == 1 && color != null) {
      entries.add(new Entry(List.of(colorOrNull), List.of(sizeOrNull)));
    } else if (index == 2) {
      distinctTags.forEach(tag -> entries.add(new Entry(List.of(tag), List.of(depthOrNull))));
    } else if (index == 3 && (color != null || depth != null)) {
      if (distinctTags.isEmpty()) {
        distinctTags.add(NULL);
      }
      distinctTags.forEach(tag ->
          entries.add(new Entry(List.of(colorOrNull, depthOrNull), List.of(tag, sizeOrNull))));
    } else if (index == 4) {
      entries.add(new Entry(List.of(), List.of(sizeOrNull)));
    }
    return entries;
  }

  private static Datum orNull(@Nullable Datum datum) {
    return datum == null ? NULL : datum;
  }
}
