package dev.partita.launcher;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.Character.UnicodeBlock;
import java.lang.Character.UnicodeScript;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The sample data that every JDK carries: the Unicode character database.
///
/// Collection `unicode` has one document for each code point that has a name of its own (private
/// use and surrogates have none), with the code point as its integer key; collection `blocks` has
/// one for each Unicode block, with the block's name as its string key.
final class SampleData {
  static final String CHARACTERS = "unicode";
  static final String BLOCKS = "blocks";

  private static final ObjectMapper JSON = new ObjectMapper();

  private SampleData() {}

  /// One document for each named code point, ascending.
  static Stream<ObjectNode> characters() {
    return codePoints().mapToObj(SampleData::character);
  }

  /// One document for each Unicode block that has a named code point.
  static Stream<ObjectNode> blocks() {
    Map<String, int[]> spans = new LinkedHashMap<>();
    codePoints()
        .forEach(codePoint ->
            spans.merge(
                blockName(codePoint),
                new int[] {codePoint, codePoint, 1},
                (span, one) -> new int[] {span[0], one[1], span[2] + 1}));
    return spans.entrySet().stream().map(e -> block(e.getKey(), e.getValue()));
  }

  static long characterCount() {
    return codePoints().count();
  }

  static ObjectNode character(int codePoint) {
    ObjectNode document = JSON.createObjectNode();
    document.put("id", codePoint);
    document.put("character", Character.toString(codePoint));
    document.put("name", Character.getName(codePoint));
    document.put("script", titleCase(UnicodeScript.of(codePoint).name()));
    document.put("block", blockName(codePoint));
    document.put("category", category(Character.getType(codePoint)));
    Integer numericValue = numericValue(codePoint);
    if (numericValue != null) {
      document.put("numericValue", numericValue);
    }
    return document;
  }

  private static ObjectNode block(String name, int[] span) {
    ObjectNode document = JSON.createObjectNode();
    document.put("id", name);
    document.put("first", span[0]);
    document.put("last", span[1]);
    document.put("characters", span[2]);
    return document;
  }

  private static IntStream codePoints() {
    return IntStream.rangeClosed(Character.MIN_CODE_POINT, Character.MAX_CODE_POINT)
        .filter(SampleData::isNamed);
  }

  private static boolean isNamed(int codePoint) {
    int type = Character.getType(codePoint);
    return type != Character.UNASSIGNED
        && type != Character.PRIVATE_USE
        && type != Character.SURROGATE;
  }

  /// Letters count as digits up to 35 in Java's own sense; only real numbers are kept here.
  @SuppressWarnings("CharacterGetNumericValue") // letters are left out
  private static @Nullable Integer numericValue(int codePoint) {
    int value = Character.isLetter(codePoint) ? -1 : Character.getNumericValue(codePoint);
    return value >= 0 ? value : null;
  }

  private static String blockName(int codePoint) {
    return titleCase(Objects.toString(UnicodeBlock.of(codePoint), "No Block"));
  }

  private static String titleCase(String constant) {
    StringBuilder name = new StringBuilder();
    for (String word : constant.split("_", -1)) {
      if (!name.isEmpty()) {
        name.append(' ');
      }
      if (!word.isEmpty()) {
        name.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
      }
    }
    return name.toString();
  }

  /// The two-letter general category of the Unicode Character Database (UAX 44, table 12).
  private static String category(int type) {
    return switch (type) {
      case Character.UPPERCASE_LETTER -> "Lu";
      case Character.LOWERCASE_LETTER -> "Ll";
      case Character.TITLECASE_LETTER -> "Lt";
      case Character.MODIFIER_LETTER -> "Lm";
      case Character.OTHER_LETTER -> "Lo";
      case Character.NON_SPACING_MARK -> "Mn";
      case Character.COMBINING_SPACING_MARK -> "Mc";
      case Character.ENCLOSING_MARK -> "Me";
      case Character.DECIMAL_DIGIT_NUMBER -> "Nd";
      case Character.LETTER_NUMBER -> "Nl";
      case Character.OTHER_NUMBER -> "No";
      case Character.CONNECTOR_PUNCTUATION -> "Pc";
      case Character.DASH_PUNCTUATION -> "Pd";
      case Character.START_PUNCTUATION -> "Ps";
      case Character.END_PUNCTUATION -> "Pe";
      case Character.INITIAL_QUOTE_PUNCTUATION -> "Pi";
      case Character.FINAL_QUOTE_PUNCTUATION -> "Pf";
      case Character.OTHER_PUNCTUATION -> "Po";
      case Character.MATH_SYMBOL -> "Sm";
      case Character.CURRENCY_SYMBOL -> "Sc";
      case Character.MODIFIER_SYMBOL -> "Sk";
      case Character.OTHER_SYMBOL -> "So";
      case Character.SPACE_SEPARATOR -> "Zs";
      case Character.LINE_SEPARATOR -> "Zl";
      case Character.PARAGRAPH_SEPARATOR -> "Zp";
      case Character.CONTROL -> "Cc";
      case Character.FORMAT -> "Cf";
      default -> throw new IllegalArgumentException("no category for type " + type);
    };
  }
}
