package dev.partita.node.query;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyWriter;
import dev.partita.node.partition.ChangePosition;
import java.nio.ByteBuffer;

/// Where a client goes on with the changes of a collection, as text that means nothing to it: the
/// same on every node and after any restart. Made as a [Cursor] is, of
///
/// | bytes | |
/// |---|---|
/// | 1 | format |
/// | 8 | fingerprint of the collection |
/// | any | position |
///
/// @param position as [ChangePosition#encoded] has it
record ChangeToken(Key position) {
  private static final byte FORMAT = 1;
  private static final int HEADER_BYTES = 9;

  /// The text for clients.
  String encode(long collectionId) {
    byte[] bytes = position.unsafeBytes();
    return Cursor.seal(
        ByteBuffer.allocate(HEADER_BYTES + bytes.length)
            .put(FORMAT)
            .putLong(fingerprint(collectionId))
            .put(bytes)
            .array());
  }

  /// Reads the text.
  ///
  /// @throws DatabaseException [ErrorCode#INVALID_CURSOR] if it is damaged or of another collection
  static ChangePosition decode(String text, long collectionId) {
    ByteBuffer in = ByteBuffer.wrap(Cursor.unseal(text, HEADER_BYTES));
    if (in.get() != FORMAT) {
      throw new DatabaseException(
          ErrorCode.INVALID_CURSOR, "the token was made by another version");
    }
    if (in.getLong() != fingerprint(collectionId)) {
      throw new DatabaseException(
          ErrorCode.INVALID_CURSOR, "the token belongs to another collection");
    }
    byte[] position = new byte[in.remaining()];
    in.get(position);
    try {
      return ChangePosition.decode(Key.wrap(position));
    } catch (IllegalArgumentException e) {
      throw new DatabaseException(ErrorCode.INVALID_CURSOR, "the token is damaged", e);
    }
  }

  /// Of the kind as well, so that a cursor of a query is not taken for a token.
  private static long fingerprint(long collectionId) {
    return Cursor.fingerprint(
        new KeyWriter()
            .write(Datum.of("changes"))
            .write(Datum.of(collectionId))
            .toKey()
            .unsafeBytes());
  }
}
