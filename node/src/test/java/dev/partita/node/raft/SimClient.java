package dev.partita.node.raft;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A client of the simulation: one operation after the other, sent to whom it believes to lead, and
/// remembered as it saw it.
final class SimClient {

  /// Keeps the log of a run short enough that a slow learner can catch up with it.
  private static final int OPERATIONS = 300;

  private final int number;
  private final Simulation simulation;
  private final SimProfile profile;
  private final AtomicLong values;
  private final long timeoutNanos;
  private final int wanderlust;
  private @Nullable NodeId target;
  private int attempt;
  private int operationsLeft = OPERATIONS;
  private boolean stopped;

  SimClient(int number, Simulation simulation, SimProfile profile, AtomicLong values) {
    this.number = number;
    this.simulation = simulation;
    this.profile = profile;
    this.values = values;
    timeoutNanos = simulation.between(40_000_000, 400_000_000);
    wanderlust = simulation.random.nextInt(3) == 0 ? 2 : 30;
  }

  void begin() {
    if (!stopped) {
      simulation.after(simulation.between(1_000_000, profile.thinkNanosMax()), this::operate);
    }
  }

  /// Goes on after the healing.
  void beginAgain() {
    boolean idle = operationsLeft < 0;
    operationsLeft = OPERATIONS;
    if (idle) {
      begin();
    }
  }

  void stop() {
    stopped = true;
  }

  private void operate() {
    if (stopped || operationsLeft-- <= 0) {
      return;
    }
    int key = simulation.history.pickKey(simulation.random);
    if (simulation.random.nextBoolean()) {
      write(key);
    } else {
      read(key);
    }
  }

  private void write(int key) {
    int mine = ++attempt;
    long value = values.incrementAndGet();
    long invoked = simulation.nowNanos();
    SimReplica replica = simulation.replica(target());
    giveUpLater(mine, () -> simulation.history.unknownWrite(number, key, value, invoked));
    simulation.after(
        simulation.network.delayNanos(),
        () ->
            replica.write(
                key,
                value,
                applied ->
                    answer(
                        mine,
                        () -> {
                          if (applied) {
                            simulation.history.wrote(
                                number, key, value, invoked, simulation.nowNanos());
                          }
                        }),
                leader -> answer(mine, () -> target = leader)));
  }

  private void read(int key) {
    int mine = ++attempt;
    long invoked = simulation.nowNanos();
    SimReplica replica = simulation.replica(target());
    giveUpLater(mine, () -> {});
    simulation.after(
        simulation.network.delayNanos(),
        () ->
            replica.read(
                key,
                profile.leases(),
                value ->
                    answer(
                        mine,
                        () ->
                            simulation.history.read(
                                number, key, value, invoked, simulation.nowNanos())),
                leader -> answer(mine, () -> target = leader)));
  }

  /// Mostly the node that answered last; sometimes any, so that deposed leaders are asked as well.
  private NodeId target() {
    if (target == null || simulation.random.nextInt(wanderlust) == 0) {
      target =
          simulation.replicas().get(simulation.random.nextInt(simulation.replicas().size())).id;
    }
    return target;
  }

  /// The answer travels back and ends the operation, unless the client has given up.
  private void answer(int ofAttempt, Runnable record) {
    simulation.after(
        simulation.network.delayNanos(),
        () -> {
          if (attempt == ofAttempt) {
            attempt++;
            record.run();
            begin();
          }
        });
  }

  private void giveUpLater(int ofAttempt, Runnable record) {
    simulation.after(
        timeoutNanos,
        () -> {
          if (attempt == ofAttempt) {
            attempt++;
            record.run();
            if (simulation.random.nextBoolean()) {
              target = null;
            }
            begin();
          }
        });
  }
}
