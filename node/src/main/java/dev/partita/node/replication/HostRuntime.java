package dev.partita.node.replication;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/// Where a host's time, threads and randomness come from: real ones, or those of a simulation.
///
/// @param monotonicNanos the clock
/// @param apply runs state machines; tasks are short
/// @param io runs tasks that read and write files
/// @param timer runs tasks later, on any thread
/// @param random for election timeouts and identities; asked by one thread at a time
record HostRuntime(
    LongSupplier monotonicNanos, Executor apply, Executor io, Timer timer, RandomGenerator random) {

  /// Runs tasks later.
  @FunctionalInterface
  interface Timer {
    void schedule(Duration delay, Runnable task);
  }
}
