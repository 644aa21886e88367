package dev.partita.node.query;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.Key;
import dev.partita.node.time.Timestamp;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;

/// Where a query goes on. Clients get it as text that means nothing to them: base64url of
///
/// | bytes | |
/// |---|---|
/// | 1 | format |
/// | 1 | move |
/// | 8 | timestamp of the snapshot |
/// | 8 | fingerprint of the query |
/// | any | position |
/// | 8 | first bytes of SHA-256 of all that |
///
/// The sum finds damage and guesses. It is no signature: what somebody could forge is a cursor that
/// reads another place of the same query, which a query of their own reads as well.
///
/// @param at the snapshot that all pages of the query read
/// @param position of the row or entry that the page begins beside
record Cursor(Move move, Timestamp at, Key position) {

  /// Which side of the position the page is on, as the query orders.
  enum Move {
    NEXT,
    PREVIOUS
  }

  /// Characters of the longest cursor that could be ours.
  private static final int LENGTH_MAX = 8_192;

  private static final byte FORMAT = 1;
  private static final int HEADER_BYTES = 18;
  private static final int SUM_BYTES = 8;

  /// The text for clients.
  ///
  /// @param fingerprint what the cursor is good for, see [#fingerprint]
  String encode(long fingerprint) {
    byte[] bytes = position.unsafeBytes();
    byte[] body =
        ByteBuffer.allocate(HEADER_BYTES + bytes.length)
            .put(FORMAT)
            .put((byte) (move == Move.NEXT ? 0 : 1))
            .putLong(at.value())
            .putLong(fingerprint)
            .put(bytes)
            .array();
    return seal(body);
  }

  /// Text for clients that [#unseal] takes back only unchanged.
  static String seal(byte[] body) {
    byte[] whole = Arrays.copyOf(body, body.length + SUM_BYTES);
    System.arraycopy(digest(body), 0, whole, body.length, SUM_BYTES);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(whole);
  }

  /// Reads the text.
  ///
  /// @throws DatabaseException [ErrorCode#INVALID_CURSOR] if it is damaged or of another query
  static Cursor decode(String text, long fingerprint) {
    ByteBuffer in = ByteBuffer.wrap(unseal(text, HEADER_BYTES));
    if (in.get() != FORMAT) {
      throw new DatabaseException(
          ErrorCode.INVALID_CURSOR, "the cursor was made by another version");
    }
    Move move = in.get() == 0 ? Move.NEXT : Move.PREVIOUS;
    Timestamp at = new Timestamp(in.getLong());
    if (in.getLong() != fingerprint) {
      throw new DatabaseException(ErrorCode.INVALID_CURSOR, "the cursor belongs to another query");
    }
    byte[] position = new byte[in.remaining()];
    in.get(position);
    return new Cursor(move, at, Key.wrap(position));
  }

  /// The bytes that [#seal] made a text of.
  ///
  /// @throws DatabaseException [ErrorCode#INVALID_CURSOR] if it did not, or made it of fewer
  static byte[] unseal(String text, int bytesMin) {
    byte[] whole = bytes(text, bytesMin);
    int bodyBytes = whole.length - SUM_BYTES;
    byte[] body = Arrays.copyOf(whole, bodyBytes);
    byte[] sum = Arrays.copyOfRange(whole, bodyBytes, whole.length);
    if (!Arrays.equals(sum, Arrays.copyOf(digest(body), SUM_BYTES))) {
      throw damaged();
    }
    return body;
  }

  private static byte[] bytes(String text, int bytesMin) {
    if (text.length() > LENGTH_MAX) {
      throw damaged();
    }
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(text);
      // Several texts mean the same bytes to the decoder; only one of them is a cursor.
      boolean canonical =
          Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(text);
      if (bytes.length < bytesMin + SUM_BYTES || !canonical) {
        throw damaged();
      }
      return bytes;
    } catch (IllegalArgumentException e) {
      throw new DatabaseException(ErrorCode.INVALID_CURSOR, "the cursor is damaged", e);
    }
  }

  static DatabaseException damaged() {
    return new DatabaseException(ErrorCode.INVALID_CURSOR, "the cursor is damaged");
  }

  /// A number that stands for everything that must not change between the pages of a query.
  static long fingerprint(byte[] query) {
    return ByteBuffer.wrap(digest(query)).getLong();
  }

  private static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
