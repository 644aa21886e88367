package dev.partita.node.time;

/// The two clocks of a machine. A test brings its own.
public interface Clock {
  /// Nanoseconds from an arbitrary origin; never goes back. Only differences mean anything.
  long monotonicNanos();

  /// Milliseconds since 1970 as this machine believes; may jump.
  long wallMillis();
}
