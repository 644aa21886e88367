package dev.partita.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/// Makes trouble for three nodes, one kind at a time or two together, and ends it again.
final class Faults {
  private static final int NODES = 3;
  private static final int HOLD_MILLIS_MIN = 500;
  private static final int HOLD_MILLIS_MAX = 6_000;
  private static final int REST_MILLIS_MAX = 2_000;
  private static final int JUMP_SECONDS_MAX = 300;

  private final Nodes nodes;
  private final CutNetwork network;
  private final Clocks clocks;
  private final Random random;
  private final List<String> made = new ArrayList<>();

  /// What was done to each node and not undone.
  private final boolean[] killed = new boolean[NODES];

  private final boolean[] paused = new boolean[NODES];

  private enum Kind {
    KILL,
    PAUSE,
    ISOLATE,
    MUTE,
    DEAF,
    CHAIN,
    TRANSFERS,
    MEMBERS,
    RESTART_ALL,
    CLOCK
  }

  Faults(Nodes nodes, CutNetwork network, Clocks clocks, Random random) {
    this.nodes = nodes;
    this.network = network;
    this.clocks = clocks;
    this.random = random;
  }

  /// What has been done so far, in words.
  List<String> made() {
    return List.copyOf(made);
  }

  /// Makes trouble for some time.
  void makeTrouble(Duration length) throws Exception {
    long end = System.nanoTime() + length.toNanos();
    while (System.nanoTime() - end < 0) {
      begin(kind());
      if (random.nextInt(3) == 0) {
        Thread.sleep(random.nextInt(HOLD_MILLIS_MIN));
        begin(kind());
      }
      Thread.sleep(random.nextInt(HOLD_MILLIS_MIN, HOLD_MILLIS_MAX));
      undo();
      Thread.sleep(random.nextInt(REST_MILLIS_MAX));
    }
  }

  private Kind kind() {
    Kind[] kinds = Kind.values();
    Kind kind = kinds[random.nextInt(clocks.canJump() ? kinds.length : kinds.length - 1)];
    made.add(kind.name().toLowerCase(Locale.ROOT).replace('_', ' '));
    return kind;
  }

  private void begin(Kind kind) throws Exception {
    int node = random.nextInt(NODES);
    switch (kind) {
      case KILL -> kill(node);
      case PAUSE -> pause(node);
      case ISOLATE -> network.isolate(node);
      case MUTE -> {
        network.cut(node, (node + 1) % NODES);
        network.cut(node, (node + 2) % NODES);
      }
      case DEAF -> {
        network.cut((node + 1) % NODES, node);
        network.cut((node + 2) % NODES, node);
      }
      case CHAIN -> network.cutBoth(node, (node + 1) % NODES);
      case TRANSFERS -> {
        for (String partition : TortureClients.PARTITIONS) {
          nodes.tryLead(partition, random.nextInt(NODES));
        }
      }
      case MEMBERS -> {
        List<String> partitions = TortureClients.PARTITIONS;
        nodes.tryRemoveReplica(partitions.get(random.nextInt(partitions.size())), node);
      }
      case RESTART_ALL -> {
        for (int each = 0; each < NODES; each++) {
          kill(each);
        }
      }
      case CLOCK -> clocks.set(node, random.nextInt(-JUMP_SECONDS_MAX, JUMP_SECONDS_MAX));
    }
  }

  private void kill(int node) throws IOException, InterruptedException {
    if (!killed[node]) {
      resume(node);
      nodes.kill(node);
      killed[node] = true;
    }
  }

  private void pause(int node) throws IOException, InterruptedException {
    if (!killed[node] && !paused[node]) {
      nodes.pause(node);
      paused[node] = true;
    }
  }

  private void resume(int node) throws IOException, InterruptedException {
    if (paused[node]) {
      nodes.resume(node);
      paused[node] = false;
    }
  }

  /// Lets everything run again; whether it works again is not waited for.
  private void undo() throws IOException, InterruptedException {
    network.heal();
    for (int node = 0; node < NODES; node++) {
      resume(node);
      if (killed[node]) {
        nodes.restart(node);
        killed[node] = false;
      }
      if (clocks.canJump() && random.nextBoolean()) {
        clocks.set(node, 0);
      }
    }
  }

  /// Ends all trouble, and waits until everything is as it was.
  void heal() throws IOException, InterruptedException {
    undo();
    if (clocks.canJump()) {
      for (int node = 0; node < NODES; node++) {
        clocks.set(node, 0);
      }
    }
    for (int node = 0; node < NODES; node++) {
      nodes.awaitReady(node);
    }
    for (String partition : TortureClients.PARTITIONS) {
      nodes.awaitActive(partition);
      nodes.restoreReplicas(partition);
      nodes.awaitCaughtUp(partition);
    }
  }
}
