package dev.partita.node.partition;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Comparator;

/// Names one attempt of a transaction, in the whole database and for ever.
///
/// @param clientHigh first half of who began it: a hash of the name that a client gave itself, or a
///   random number of the node that coordinates
/// @param clientLow the second half
/// @param sequence the client's number for the transaction
/// @param attempt 1 for the first one; another attempt is another transaction that may not commit
///   beside it
/// @param named whether the client gave name and sequence, so that the same pair commits at most
///   once, however often it is sent
public record TransactionId(
    long clientHigh, long clientLow, long sequence, int attempt, boolean named)
    implements Comparable<TransactionId> {

  private static final Comparator<TransactionId> ORDER =
      Comparator.comparingLong(TransactionId::clientHigh)
          .thenComparingLong(TransactionId::clientLow)
          .thenComparingLong(TransactionId::sequence)
          .thenComparingInt(TransactionId::attempt)
          .thenComparing(TransactionId::named);

  private static final SecureRandom RANDOM = new SecureRandom();

  /// An id that nobody else has.
  public static TransactionId random() {
    byte[] bytes = new byte[2 * Long.BYTES];
    RANDOM.nextBytes(bytes);
    ByteBuffer numbers = ByteBuffer.wrap(bytes);
    return new TransactionId(numbers.getLong(), numbers.getLong(), 0, 1, false);
  }

  /// The id of a transaction that a client numbers itself.
  ///
  /// @param sequence not negative
  public static TransactionId of(String client, long sequence) {
    if (sequence < 0) {
      throw new IllegalArgumentException("a sequence is not negative: " + sequence);
    }
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(client.getBytes(StandardCharsets.UTF_8));
      ByteBuffer numbers = ByteBuffer.wrap(hash);
      return new TransactionId(numbers.getLong(), numbers.getLong(), sequence, 1, true);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /// The same transaction once more. Attempts of different requests differ by chance as well, since
  /// a client may send a request again while the first is under way.
  public TransactionId again() {
    return new TransactionId(clientHigh, clientLow, sequence, RANDOM.nextInt(2, 1 << 30), named);
  }

  /// Whether both are attempts of the same transaction.
  public boolean isSameTransaction(TransactionId other) {
    return clientHigh == other.clientHigh
        && clientLow == other.clientLow
        && sequence == other.sequence
        && named == other.named;
  }

  /// The parts that all attempts have in common, as a key.
  Key transactionKey() {
    return new KeyWriter().u64(clientHigh).u64(clientLow).u64(sequence).toKey();
  }

  /// All parts, as a key.
  Key key() {
    return new KeyWriter().raw(transactionKey()).u32(attempt).u8(named ? 1 : 0).toKey();
  }

  /// An order that means nothing but is the same everywhere.
  @Override
  public int compareTo(TransactionId other) {
    return ORDER.compare(this, other);
  }

  void writeTo(BinaryWriter out) {
    out.raw(named ? 1 : 0).signed(clientHigh).signed(clientLow).number(sequence).number(attempt);
  }

  static TransactionId read(BinaryReader in) {
    boolean named = in.flag();
    return new TransactionId(in.signed(), in.signed(), in.number(), in.count32(), named);
  }

  @Override
  public String toString() {
    return "%016x%016x-%d.%d".formatted(clientHigh, clientLow, sequence, attempt);
  }
}
