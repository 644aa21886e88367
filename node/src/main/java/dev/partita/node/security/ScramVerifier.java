package dev.partita.node.security;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/// What is kept of a password: enough to check it, and to authenticate with SCRAM-SHA-256 (RFC
/// 5802, section 3; RFC 7677), and not enough to log in with.
///
/// Texts are in Base64. Passwords are normalized to NFKC, as SASLprep does with ordinary ones.
public record ScramVerifier(String salt, int iterations, String storedKey, String serverKey) {
  /// Four times the minimum of RFC 7677: about 10 ms, which a log-in may take and a guesser has to.
  private static final int ITERATIONS = 16_384;

  private static final int SALT_BYTES = 16;
  private static final int KEY_BITS = 256;
  private static final String HMAC = "HmacSHA256";

  /// Takes as long as every other, and nothing matches it: for users that do not exist.
  public static final ScramVerifier OF_NOBODY =
      new ScramVerifier(
          "AAAAAAAAAAAAAAAAAAAAAA==",
          ITERATIONS,
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");

  /// The verifier of a password, with a salt of its own.
  public static ScramVerifier of(String password, SecureRandom random) {
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    return of(password, salt, ITERATIONS);
  }

  static ScramVerifier of(String password, byte[] salt, int iterations) {
    byte[] salted = salted(password, salt, iterations);
    Base64.Encoder base64 = Base64.getEncoder();
    return new ScramVerifier(
        base64.encodeToString(salt),
        iterations,
        base64.encodeToString(sha256(hmac(salted, "Client Key"))),
        base64.encodeToString(hmac(salted, "Server Key")));
  }

  /// Whether this is the password. Takes the time of the iterations, whatever the answer.
  public boolean matches(String password) {
    Base64.Decoder base64 = Base64.getDecoder();
    byte[] salted = salted(password, base64.decode(salt), iterations);
    return MessageDigest.isEqual(sha256(hmac(salted, "Client Key")), base64.decode(storedKey));
  }

  private static byte[] salted(String password, byte[] salt, int iterations) {
    char[] normalized = Normalizer.normalize(password, Normalizer.Form.NFKC).toCharArray();
    try {
      return SecretKeyFactory.getInstance("PBKDF2With" + HMAC)
          .generateSecret(new PBEKeySpec(normalized, salt, iterations, KEY_BITS))
          .getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has PBKDF2", e);
    }
  }

  static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key, HMAC));
      return mac.doFinal(text.getBytes(US_ASCII));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HMAC", e);
    }
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /// Without keys: whoever has the server key can play the server.
  @Override
  public String toString() {
    return "ScramVerifier[" + iterations + " iterations]";
  }
}
