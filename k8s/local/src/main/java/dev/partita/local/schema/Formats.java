package dev.partita.local.schema;

import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/// The string formats that are checked: `date-time`, `byte`, `uuid` and `duration`. Others only
/// inform.
final class Formats {
  private static final Pattern UUID =
      Pattern.compile("(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$");
  static final Pattern DURATION =
      Pattern.compile("^[-+]?(\\d+(\\.\\d+)?(ns|us|µs|ms|s|m|h))+$|^0$");

  private Formats() {}

  /// The format that `text` does not have, empty when it is fine.
  static Optional<String> problem(String format, String text) {
    boolean fine =
        switch (format) {
          case "date-time" -> isDateTime(text);
          case "byte" -> isBase64(text);
          case "uuid" -> UUID.matcher(text).matches();
          case "duration" -> DURATION.matcher(text).matches();
          default -> true;
        };
    return fine ? Optional.empty() : Optional.of(format);
  }

  private static boolean isDateTime(String text) {
    try {
      OffsetDateTime.parse(text);
      return true;
    } catch (DateTimeParseException e) {
      return false;
    }
  }

  private static boolean isBase64(String text) {
    try {
      Base64.getDecoder().decode(text);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
