package dev.partita.node.raft;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The network of a simulation: links that lose, delay, double and reorder messages, and cuts of
/// any shape.
final class SimNetwork {

  private record Link(NodeId from, NodeId to) {}

  private final Simulation simulation;
  private final Set<Link> cuts = new HashSet<>();
  private final Set<Link> slow = new HashSet<>();
  private double lossRate;
  private double doubleRate;
  private double slowRate;

  SimNetwork(Simulation simulation) {
    this.simulation = simulation;
  }

  void setRates(double loss, double doubling, double slow) {
    lossRate = loss;
    doubleRate = doubling;
    slowRate = slow;
  }

  void heal() {
    cuts.clear();
    slow.clear();
  }

  void cut(NodeId from, NodeId to) {
    cuts.add(new Link(from, to));
  }

  /// Makes a link so slow that what it brings is often out of date.
  void slow(NodeId from, NodeId to) {
    slow.add(new Link(from, to));
  }

  /// Cuts every link between the two sides, in both directions.
  void cut(List<NodeId> one, List<NodeId> other) {
    for (NodeId from : one) {
      for (NodeId to : other) {
        if (!from.equals(to)) {
          cut(from, to);
          cut(to, from);
        }
      }
    }
  }

  boolean connected(NodeId from, NodeId to) {
    return !cuts.contains(new Link(from, to));
  }

  void send(Message message) {
    if (simulation.random.nextDouble() < doubleRate) {
      transmit(message);
    }
    transmit(message);
  }

  private void transmit(Message message) {
    if (simulation.random.nextDouble() < lossRate || !connected(message.from(), message.to())) {
      simulation.note(() -> "lost     " + Scenario.describe(message));
      return;
    }
    boolean slowly = slow.contains(new Link(message.from(), message.to()));
    simulation.after(
        slowly ? simulation.between(1_000_000, 300_000_000) : delayNanos(),
        () -> {
          if (connected(message.from(), message.to())) {
            simulation.replica(message.to()).receive(message);
          }
        });
  }

  long delayNanos() {
    boolean slow = simulation.random.nextDouble() < slowRate;
    return simulation.between(300_000, 2_000_000) * (slow ? simulation.random.nextInt(10, 200) : 1);
  }
}
