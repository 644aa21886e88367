package dev.partita.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;

/// Makes trouble for three nodes, one kind at a time or two together, and ends it again. Kinds are
/// dealt like cards, so that each comes up once before any comes up again.
final class Faults {
  private static final int NODES = 3;
  private static final int HOLD_MILLIS_MIN = 500;
  private static final int HOLD_MILLIS_MAX = 5_000;
  private static final int REST_MILLIS_MAX = 1_000;
  private static final int JUMP_SECONDS_MAX = 300;
  private static final int SYNC_MILLIS_MIN = 50;
  private static final int SYNC_MILLIS_MAX = 2_000;

  private static final String BULK = "bulk";
  private static final String MUCH = "{\"text\":\"" + "x".repeat(512 << 10) + "\"}";
  private static final int TOLD_CHARACTERS_MAX = 100_000;
  private static final long WRITE_NANOS_MAX = 5_000_000_000L;
  private static final List<String> PARTITIONS =
      Stream.concat(TortureClients.PARTITIONS.stream(), SideClients.PARTITIONS.stream()).toList();

  private final Nodes nodes;
  private final Ground ground;
  private final Random random;
  private final Deque<Kind> cards = new ArrayDeque<>();
  private final List<String> made = new ArrayList<>();
  private boolean dealtAll;

  /// What was done to each node and not undone.
  private final boolean[] killed = new boolean[NODES];

  private final boolean[] paused = new boolean[NODES];

  /// Whether its disk fails, or is full: it ends by itself, sooner or later.
  private final boolean[] diskFails = new boolean[NODES];

  private final boolean[] diskFull = new boolean[NODES];

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
    CLOCK,
    SLOW_DISK,
    FAILING_DISK,
    FULL_DISK;

    String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  Faults(Nodes nodes, Ground ground, Random random) {
    this.nodes = nodes;
    this.ground = ground;
    this.random = random;
  }

  /// Makes the partition of what fills a disk.
  static void create(Nodes nodes) throws IOException {
    nodes.createPartition("bulk-all", BULK, "{}");
  }

  /// What has been done so far, in words.
  List<String> made() {
    return List.copyOf(made);
  }

  /// Makes trouble for some time, and for as long as there is a kind that has not come up.
  void makeTrouble(Duration length) throws Exception {
    long end = System.nanoTime() + length.toNanos();
    while (System.nanoTime() - end < 0 || !dealtAll) {
      begin(deal());
      if (random.nextInt(3) == 0) {
        Thread.sleep(random.nextInt(HOLD_MILLIS_MIN));
        begin(deal());
      }
      Thread.sleep(random.nextInt(HOLD_MILLIS_MIN, HOLD_MILLIS_MAX));
      undo();
      Thread.sleep(random.nextInt(REST_MILLIS_MAX));
    }
  }

  private Kind deal() {
    if (cards.isEmpty()) {
      List<Kind> all = new ArrayList<>(Arrays.asList(Kind.values()));
      // Shuffled with all of them, so that a seed deals the same elsewhere.
      Collections.shuffle(all, random);
      if (ground.smallDisk().isEmpty()) {
        all.remove(Kind.FULL_DISK);
      }
      cards.addAll(all);
    }
    Kind kind = cards.removeFirst();
    dealtAll |= cards.isEmpty();
    return kind;
  }

  private void begin(Kind kind) throws Exception {
    int node = random.nextInt(NODES);
    made.add(kind.text());
    switch (kind) {
      case KILL -> kill(node);
      case PAUSE -> pause(node);
      case ISOLATE -> ground.network().isolate(node);
      case MUTE -> {
        ground.network().cut(node, (node + 1) % NODES);
        ground.network().cut(node, (node + 2) % NODES);
      }
      case DEAF -> {
        ground.network().cut((node + 1) % NODES, node);
        ground.network().cut((node + 2) % NODES, node);
      }
      case CHAIN -> ground.network().cutBoth(node, (node + 1) % NODES);
      case TRANSFERS -> {
        for (String partition : PARTITIONS) {
          nodes.tryLead(partition, random.nextInt(NODES));
        }
        nodes.tryLead(ColumnStamps.JOINT_PARTITION, random.nextInt(NODES));
      }
      case MEMBERS ->
          nodes.tryRemoveReplica(PARTITIONS.get(random.nextInt(PARTITIONS.size())), node);
      case RESTART_ALL -> {
        for (int each = 0; each < NODES; each++) {
          kill(each);
        }
      }
      case CLOCK -> ground.setClock(node, random.nextInt(-JUMP_SECONDS_MAX, JUMP_SECONDS_MAX));
      case SLOW_DISK ->
          ground.inside().slowDisk(node, random.nextInt(SYNC_MILLIS_MIN, SYNC_MILLIS_MAX));
      case FAILING_DISK -> failDisk(node);
      case FULL_DISK -> fillDisk();
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
    if (!killed[node] && !paused[node] && !diskFails[node] && !diskFull[node]) {
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

  private void failDisk(int node) throws IOException {
    if (!killed[node] && !diskFull[node]) {
      ground.inside().failDisk(node);
      diskFails[node] = true;
    }
  }

  private void fillDisk() throws IOException {
    int node = Ground.SMALL_DISK;
    if (!killed[node] && !diskFails[node]) {
      ground.smallDisk().orElseThrow().fill();
      diskFull[node] = true;
      writeMuch(node);
    }
  }

  /// Writes until a node needs more space than it has taken ahead, unless other trouble is in the
  /// way.
  private void writeMuch(int node) {
    long end = System.nanoTime() + WRITE_NANOS_MAX;
    try (Requests requests = new Requests(nodes, new Random(0))) {
      while (nodes.isAlive(node) && System.nanoTime() - end < 0) {
        requests.send("PUT", "/v1/collections/" + BULK + "/documents/all", "", MUCH);
      }
    }
  }

  /// Lets everything run again; whether it works again is not waited for.
  private void undo() throws IOException, InterruptedException {
    ground.network().heal();
    for (int node = 0; node < NODES; node++) {
      resume(node);
      freeDisk(node);
      restart(node);
      if (random.nextBoolean()) {
        ground.setClock(node, 0);
      }
    }
    for (int node = 0; node < NODES; node++) {
      replaceDisk(node);
    }
  }

  /// A node whose disk is full may go on until it needs space. So that what it does afterwards does
  /// not depend on that, it is killed if it has not ended.
  private void freeDisk(int node) throws IOException, InterruptedException {
    if (diskFull[node]) {
      if (!killed[node] && !nodes.isAlive(node)) {
        made.add("which has ended its node");
      }
      kill(node);
      ground.smallDisk().orElseThrow().free();
      diskFull[node] = false;
    }
  }

  private void restart(int node) throws IOException {
    if (killed[node]) {
      ground.inside().repairDisk(node);
      nodes.restart(node);
      killed[node] = false;
      diskFails[node] = false;
    }
  }

  /// A node whose disk has lost something must end by itself, with the next thing that it writes.
  private void replaceDisk(int node) throws IOException, InterruptedException {
    if (diskFails[node]) {
      awaitEnd(node);
      int code = nodes.awaitExit(node);
      if (code == 0) {
        throw new IllegalStateException("node " + node + " lost its disk and ended as if well");
      }
      made.add("which has ended its node");
      killed[node] = true;
      restart(node);
    } else {
      ground.inside().repairDisk(node);
    }
  }

  private void awaitEnd(int node) throws IOException, InterruptedException {
    try {
      Nodes.await(
          "the end of node %d, whose disk has failed: see what its threads do".formatted(node),
          () -> !nodes.isAlive(node));
    } catch (IllegalStateException e) {
      nodes.tellThreads(node);
      String log = nodes.log(node);
      System.out.println(log.substring(Math.max(0, log.length() - TOLD_CHARACTERS_MAX)));
      throw e;
    }
  }

  /// Ends all trouble, and waits until everything is as it was.
  void heal() throws IOException, InterruptedException {
    undo();
    for (int node = 0; node < NODES; node++) {
      ground.setClock(node, 0);
    }
    for (int node = 0; node < NODES; node++) {
      nodes.awaitReady(node);
    }
    for (String partition : PARTITIONS) {
      nodes.awaitActive(partition);
      nodes.restoreReplicas(partition);
      nodes.awaitCaughtUp(partition);
    }
  }
}
