package dev.partita.node.catalog;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.zip.CRC32C;

/// The rule that turns a name as a client writes it into the name of a custom resource, which is
/// what the catalog knows a Partition or an Index by: lower case; every character outside
/// `[a-z0-9-]` becomes `-`; leading and trailing `-` become `x`; and if that changed anything, `-`
/// and six hexadecimal digits of a hash of the original (the upper 24 bits of the CRC-32C of its
/// UTF-8 bytes) are appended. A name that is a resource name already stays as it is, so the rule
/// may be applied twice.
///
/// @param value a Kubernetes resource name: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`, at most 253 characters
public record ResourceName(String value) {
  private static final int MAX_LENGTH = 253;
  private static final int HASH_LENGTH = 7;
  private static final int HASH_SHIFT = 8;

  public ResourceName {
    if (!isResourceName(value)) {
      throw new IllegalArgumentException("not a resource name: " + value);
    }
  }

  /// The resource name of `original`.
  ///
  /// @throws IllegalArgumentException when it is empty or too long
  public static ResourceName of(String original) {
    if (isResourceName(original)) {
      return new ResourceName(original);
    }
    if (original.isEmpty() || original.length() > MAX_LENGTH - HASH_LENGTH) {
      throw new IllegalArgumentException("a name has 1 to 246 characters");
    }
    String plain = original.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9-]", "-");
    plain = plain.replaceAll("^-", "x").replaceAll("-$", "x");
    CRC32C hash = new CRC32C();
    hash.update(original.getBytes(StandardCharsets.UTF_8));
    String digits = HexFormat.of().toHexDigits(hash.getValue() >>> HASH_SHIFT, HASH_LENGTH - 1);
    return new ResourceName(plain + "-" + digits);
  }

  private static boolean isResourceName(String text) {
    return text.length() <= MAX_LENGTH && text.matches("[a-z0-9]([-a-z0-9]*[a-z0-9])?");
  }

  @Override
  public String toString() {
    return value;
  }
}
