package dev.partita.bench;

import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;

/// A way to use the database of which it can be told, step by step and in the end, whether what it
/// has answered can be true. Steps of several clients run beside each other.
///
/// What is told is told by functions of nothing but what was seen, `judge…`, so that a test can
/// show them every fault that they have to find, and what is no fault.
abstract class Workload {
  private final String name;
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

  Workload(String name) {
    this.name = name;
  }

  /// One client does one thing, whatever becomes of it.
  ///
  /// @param client its number, from 0
  abstract void step(Requests requests, Random random, int client);

  /// Looks at everything, when nothing is wrong with the nodes any more and no client runs.
  ///
  /// @return whether it was answered; else it has to be tried again
  abstract boolean check(Requests requests, Random random);

  /// How much of what has been done, in words.
  abstract String summary();

  final String name() {
    return name;
  }

  /// What cannot be true.
  final Queue<String> wrong() {
    return wrong;
  }

  /// Notes what cannot be true.
  final void wrong(String what) {
    wrong.add(name + ": " + what);
  }

  /// Notes what was judged to be wrong, if anything.
  final void wrong(List<String> judged) {
    judged.forEach(this::wrong);
  }
}
