package dev.partita.crd;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.zip.CRC32C;

/// The rule that turns names of the HTTP and SQL interfaces, such as `my_partition`, into
/// Kubernetes object names. The nodes follow the same rule.
///
/// A name that is already an object name (`[a-z0-9]([-a-z0-9]*[a-z0-9])?`, at most 253 characters)
/// stays as it is. Of any other name, upper-case letters become lower-case, every other character
/// outside `[a-z0-9-]` becomes `-`, a leading and a trailing `-` become `x`, and `-` and six
/// hexadecimal digits of a hash of the original (the upper 24 bits of the CRC-32C of its UTF-8
/// bytes) are appended, so that `my_partition` and `my-partition` stay two names. The original is
/// kept in the annotation [#ORIGINAL_NAME_ANNOTATION].
public final class ApiNames {

  /// Annotation that keeps the name as the client wrote it.
  public static final String ORIGINAL_NAME_ANNOTATION = "partita.dev/name";

  private static final int LENGTH_MAX = 253;
  private static final int HASH_DIGITS = 6;

  /// Of 32 bits, the upper 24 are kept.
  private static final int HASH_SHIFT = 8;

  private ApiNames() {}

  /// The object name for a name of the interfaces. The same name always gives the same object name,
  /// and an object name gives itself.
  ///
  /// @throws IllegalArgumentException if the name is empty or longer than 246 characters
  public static String toKubernetesName(String name) {
    if (isObjectName(name)) {
      return name;
    }
    if (name.isEmpty() || name.length() > LENGTH_MAX - HASH_DIGITS - 1) {
      throw new IllegalArgumentException("a name has 1 to 246 characters");
    }
    String plain = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9-]", "-");
    return plain.replaceAll("^-", "x").replaceAll("-$", "x") + "-" + hash(name);
  }

  private static boolean isObjectName(String name) {
    return name.length() <= LENGTH_MAX && name.matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
  }

  private static String hash(String name) {
    CRC32C checksum = new CRC32C();
    checksum.update(name.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().toHexDigits(checksum.getValue() >>> HASH_SHIFT, HASH_DIGITS);
  }
}
