package dev.partita.operator.resource;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;

/// The hash of a desired object, by which it is compared with the one that exists: the API server
/// adds defaults, so the objects themselves never compare equal.
public final class ContentHash {

  private static final int LENGTH = 16;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

  private ContentHash() {}

  /// Sixteen hexadecimal digits that depend on the content only, not on the order of keys.
  public static String of(Object desired) {
    try {
      byte[] json = MAPPER.writeValueAsBytes(MAPPER.convertValue(desired, Map.class));
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(json);
      return HexFormat.of().formatHex(digest).substring(0, LENGTH);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not an object of the Kubernetes model", e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
