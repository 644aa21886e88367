package dev.partita.operator.partition;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What is computed when somebody asks for it first, and kept. Thread-safe; one thread computes.
final class Once<T> implements Supplier<T> {

  private final Supplier<T> computation;
  private @Nullable T value;

  Once(Supplier<T> computation) {
    this.computation = computation;
  }

  @Override
  public synchronized T get() {
    T known = value;
    if (known == null) {
      known = computation.get();
      value = known;
    }
    return known;
  }
}
