package dev.partita.node.transaction;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonData;
import dev.partita.node.index.UniqueTerms;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyReader;
import dev.partita.node.key.PrimaryKey;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The right of one document to have its terms in a unique index. It is a row among the claims of
/// the index: its key is the digest of the terms, which may be longer than keys can be, and its
/// document names the owner.
///
/// @param terms encoded
/// @param key among the claims of the index
record Claim(IndexDefinition index, Key terms, PrimaryKey key) {

  private static final String OWNER = "owner";

  /// What a document has to claim.
  ///
  /// @param document null if there is none
  static Set<Claim> of(IndexDefinition index, PrimaryKey key, @Nullable JsonBytes document) {
    Set<Claim> claims = new LinkedHashSet<>();
    if (document != null) {
      for (Key terms : UniqueTerms.of(index, key, JsonData.document(document))) {
        claims.add(new Claim(index, terms, PrimaryKey.of(digest(terms))));
      }
    }
    return claims;
  }

  private static String digest(Key terms) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(terms.unsafeBytes());
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /// The terms, for people.
  String text() {
    var in = new KeyReader(terms);
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    index.terms().forEach(_ -> array.add(JsonData.toJson(in.read())));
    return array.toString();
  }

  /// The row that says whose the claim is.
  static JsonBytes ownedBy(PrimaryKey owner) {
    return JsonData.write(
        JsonNodeFactory.instance
            .objectNode()
            .put(OWNER, HexFormat.of().formatHex(owner.encoded().unsafeBytes())));
  }

  /// Whose the claim is, by its row.
  static PrimaryKey owner(JsonBytes row) {
    String encoded = JsonData.document(row).path(OWNER).textValue();
    return PrimaryKey.read(new KeyReader(Key.wrap(HexFormat.of().parseHex(encoded))));
  }
}
