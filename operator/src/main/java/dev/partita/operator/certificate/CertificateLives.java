package dev.partita.operator.certificate;

import java.time.Duration;
import java.time.Instant;

/// How long certificates are valid.
///
/// @param authority of an authority
/// @param leaf of what it issues
/// @param overlap how long a new authority is trusted before it signs, and an old one afterwards
public record CertificateLives(Duration authority, Duration leaf, Duration overlap) {

  public CertificateLives {
    if (leaf.compareTo(authority) > 0 || !leaf.isPositive() || overlap.isNegative()) {
      throw new IllegalArgumentException(
          "a certificate lives no longer than its authority: " + leaf + ", " + authority);
    }
  }

  /// Whether two thirds of the time between two instants are over.
  static boolean isDue(Instant start, Instant end, Instant now) {
    Duration life = Duration.between(start, end);
    return !now.isBefore(start.plus(life.multipliedBy(2).dividedBy(3)));
  }
}
