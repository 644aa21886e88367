package dev.partita.image;

import java.io.IOException;

/// What an operator does in its training run: it has started and watches, and tells.
final class OperatorExercise implements Exercise {
  private static final int REPETITIONS = 5;

  @Override
  public void run(Requests operator) throws IOException, InterruptedException {
    for (int i = 0; i < REPETITIONS; i++) {
      operator.get("/metrics");
      operator.get("/health/live");
    }
  }
}
