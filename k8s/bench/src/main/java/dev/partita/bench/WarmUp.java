package dev.partita.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/// Load on nodes before anything is measured, until their compilers have little left to do. Nodes
/// run for weeks; what their JVMs learn in the first minutes takes more than half of a small
/// machine.
final class WarmUp {
  private static final int CLIENTS = 16;
  private static final Duration STEP = Duration.ofSeconds(10);

  /// What the compilers of all nodes may take of the machine's processors in a step.
  private static final double COMPILERS_MAX = 0.1;

  /// How many times as long as a load that is measured.
  private static final int FACTOR_MAX = 48;

  private final Nodes nodes;
  private final Duration most;

  /// @param duration of one load that is measured afterwards: short ones are not worth a long wait
  WarmUp(Nodes nodes, Duration duration) {
    this.nodes = nodes;
    this.most = duration.multipliedBy(FACTOR_MAX);
  }

  /// Runs loads, one after the other, until the nodes are warm or it has taken too long.
  void run(List<Load.ClientFactory> loads) throws IOException {
    long begun = System.nanoTime();
    Duration taken;
    double compilers;
    do {
      compilers = step(loads);
      taken = Duration.ofNanos(System.nanoTime() - begun);
    } while (compilers > COMPILERS_MAX && taken.compareTo(most) < 0);
    Table.line(
        "warmed up for %d s: the nodes' compilers take %.0f %% of the processors",
        taken.toSeconds(), 100 * compilers);
  }

  /// Gives the compilers' share of the processors.
  private double step(List<Load.ClientFactory> loads) throws IOException {
    Duration before = nodes.compilerTime();
    long begun = System.nanoTime();
    for (Load.ClientFactory load : loads) {
      Load.run(CLIENTS, STEP.dividedBy(loads.size()), load);
    }
    long available = (System.nanoTime() - begun) * Runtime.getRuntime().availableProcessors();
    return (double) nodes.compilerTime().minus(before).toNanos() / available;
  }
}
