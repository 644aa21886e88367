package dev.partita.node.security;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A bearer token, `partita_{id}_{secret}`: the id finds it, the secret proves it. The secret has
/// 256 random bits, so its hash needs no salt and no iterations.
///
/// @param id sixteen hexadecimal digits, no secret
public record BearerToken(String id, String secret) {
  private static final Pattern FORM = Pattern.compile("partita_([0-9a-f]{16})_([A-Za-z0-9_-]{43})");
  private static final int ID_BYTES = 8;
  private static final int SECRET_BYTES = 32;

  /// A new one.
  public static BearerToken create(SecureRandom random) {
    byte[] id = new byte[ID_BYTES];
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(id);
    random.nextBytes(secret);
    return new BearerToken(
        HexFormat.of().formatHex(id),
        Base64.getUrlEncoder().withoutPadding().encodeToString(secret));
  }

  /// The token of a text; empty if it is none.
  public static Optional<BearerToken> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    return matcher.matches()
        ? Optional.of(new BearerToken(matcher.group(1), matcher.group(2)))
        : Optional.empty();
  }

  /// What its holder sends; shown once.
  public String text() {
    return "partita_" + id + "_" + secret;
  }

  /// What is kept of it.
  public String hash() {
    return HexFormat.of().formatHex(ScramVerifier.sha256(secret.getBytes(US_ASCII)));
  }

  /// Whether this is the hash of it, in constant time.
  public boolean matches(String hash) {
    return MessageDigest.isEqual(hash().getBytes(US_ASCII), hash.getBytes(US_ASCII));
  }

  /// Without the secret.
  @Override
  public String toString() {
    return "BearerToken[" + id + "]";
  }
}
