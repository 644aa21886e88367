package dev.partita.crd;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/// The rule that turns names of the HTTP and SQL interfaces, such as `my_partition`, into
/// Kubernetes object names.
///
/// A name that is already an object name (`[a-z0-9-]`, at most 63 characters, a letter or digit at
/// both ends) stays as it is. Of any other name, upper-case letters become lower-case, every other
/// character outside `[a-z0-9-]` becomes `-`, leading dashes are dropped, and after at most 56
/// characters follow `-` and the first six hexadecimal digits of the SHA-256 of the original name
/// in UTF-8, so that `my_partition` and `my-partition` stay two names. The original is kept in the
/// annotation [#ORIGINAL_NAME_ANNOTATION].
public final class ApiNames {

  /// Annotation that keeps the name as the client wrote it.
  public static final String ORIGINAL_NAME_ANNOTATION = "partita.dev/name";

  /// The longest name that is also a DNS label and a label value.
  private static final int LENGTH_MAX = 63;

  private static final int HASH_DIGITS = 6;

  private ApiNames() {}

  /// The object name for a name of the interfaces; the same name always gives the same object name.
  ///
  /// @throws IllegalArgumentException if the name is empty
  public static String toKubernetesName(String name) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("a name must not be empty");
    }
    if (isObjectName(name)) {
      return name;
    }
    String mapped =
        name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9-]", "-").replaceAll("^-+", "");
    String stem = mapped.substring(0, Math.min(mapped.length(), LENGTH_MAX - HASH_DIGITS - 1));
    return stem.isEmpty() ? "x-" + hash(name) : stem + "-" + hash(name);
  }

  private static boolean isObjectName(String name) {
    return name.length() <= LENGTH_MAX && name.matches("[a-z0-9]([a-z0-9-]*[a-z0-9])?");
  }

  private static String hash(String name) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, HASH_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
