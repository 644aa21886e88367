package dev.partita.bench;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/// Numbers from 0, of which number k is drawn in proportion to 1 / (k + 1)^skew. For any thread.
final class Zipf {
  /// How often a number up to the one of the place is drawn, of 1.
  private final double[] upTo;

  Zipf(int count, double skew) {
    upTo = new double[count];
    double sum = 0;
    for (int k = 0; k < count; k++) {
      sum += Math.pow(k + 1, -skew);
      upTo[k] = sum;
    }
    for (int k = 0; k < count; k++) {
      upTo[k] /= sum;
    }
  }

  int next() {
    int at = Arrays.binarySearch(upTo, ThreadLocalRandom.current().nextDouble());
    return Math.min(at < 0 ? -at - 1 : at, upTo.length - 1);
  }
}
