package dev.partita.node.raft;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A group of replicas, its network, disks, clocks and clients, in one thread and in made-up time.
/// Everything that is drawn comes from the seed, so a run can be repeated.
final class Simulation {

  private record Event(long atNanos, long number, Runnable action) {}

  private static final long FAULTS_NANOS = Duration.ofSeconds(8).toNanos();
  private static final long PROGRESS_NANOS = Duration.ofSeconds(20).toNanos();
  private static final int ANSWERS = 20;
  private static final int TRAIL_MAX = 120;

  /// A multiple of what any run has needed.
  private static final long EVENTS_MAX = 200_000;

  final SplittableRandom random;
  final RaftSettings settings;
  final SimNetwork network = new SimNetwork(this);
  final SafetyChecker safety = new SafetyChecker();
  final SimHistory history = new SimHistory();
  final Rules rules;
  private final boolean keepTrail;
  private final ArrayDeque<String> trail = new ArrayDeque<>();
  private final SimProfile profile;
  final SimProfile.Focus focus;
  final SimFaults faults;
  private final Map<NodeId, SimReplica> replicas = new TreeMap<>();
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          Comparator.comparingLong(Event::atNanos).thenComparingLong(Event::number));
  private long eventNumber;
  private long nowNanos;

  /// @param rules that each replica follows
  /// @param keepTrail whether to remember what happened last, which takes time
  Simulation(long seed, SimProfile.Focus focus, Rules rules, boolean keepTrail) {
    random = new SplittableRandom(seed);
    this.rules = rules;
    this.keepTrail = keepTrail;
    this.focus = focus;
    profile = focus.draw(random);
    faults = new SimFaults(this, profile);
    settings =
        new RaftSettings(
            Duration.ofMillis(10),
            1 + random.nextInt(5),
            10,
            10,
            random.nextInt(3) == 0 ? 20 : 60 + random.nextInt(200),
            1 + random.nextInt(8),
            2000,
            2000,
            500,
            random.nextBoolean(),
            profile.sleeps() ? 15 : 0);
    var voters = new HashSet<NodeId>();
    for (int i = 1; i <= profile.voters(); i++) {
      voters.add(new NodeId(i));
    }
    var learners = new HashSet<NodeId>();
    for (int i = 1; i <= profile.spares() && profile.sparesLearn(); i++) {
      learners.add(new NodeId(profile.voters() + i));
    }
    var configuration = Configuration.of(voters, learners);
    boolean led = focus == SimProfile.Focus.BEGINNINGS;
    SnapshotMark initial =
        led ? SnapshotMark.inherited(configuration) : SnapshotMark.initial(configuration);
    HardState state =
        led ? SnapshotMark.inheritedHardState(new NodeId(1)) : SnapshotMark.initialHardState();
    for (int i = 1; i <= profile.voters() + profile.spares(); i++) {
      var id = new NodeId(i);
      boolean member = initial.configuration().contains(id);
      var disk = new SimDisk(member ? state : HardState.NONE, member ? initial : SnapshotMark.NONE);
      replicas.put(id, new SimReplica(id, this, disk));
    }
  }

  /// Plays the whole run: trouble, healing, and the judgement of what was seen.
  ///
  /// @throws SimFailure when a promise was broken
  void run() {
    var clients = new ArrayList<SimClient>();
    var values = new AtomicLong();
    for (int i = 0; i < profile.clients(); i++) {
      clients.add(new SimClient(i, this, profile, values));
    }
    clients.forEach(SimClient::begin);
    faults.begin();
    runUntil(FAULTS_NANOS, () -> false);
    note(() -> "all is healed");
    faults.stop();
    clients.forEach(SimClient::beginAgain);
    long answered = history.answered();
    boolean recovered =
        runUntil(
            nowNanos + PROGRESS_NANOS,
            () -> leader() != null && history.answered() >= answered + ANSWERS);
    clients.forEach(SimClient::stop);
    runUntil(nowNanos + Duration.ofSeconds(1).toNanos(), () -> false);
    recovered = recovered && runUntil(nowNanos + PROGRESS_NANOS, this::membersHaveCaughtUp);
    if (!recovered) {
      throw new SimFailure(SimFailure.Check.PROGRESS, "after the healing " + status());
    }
    Set<Integer> violations = LinearizabilityChecker.violations(history.operations());
    if (!violations.isEmpty()) {
      throw new SimFailure(
          SimFailure.Check.LINEARIZABILITY,
          "no order explains what was seen of the registers " + violations);
    }
  }

  /// Whether one replica leads and every member has applied all that is committed.
  private boolean membersHaveCaughtUp() {
    SimReplica leader = leader();
    return leader != null
        && !leader.raft().configuration().joint()
        && leader.raft().configuration().members().stream()
            .allMatch(
                member -> replica(member).machine().appliedIndex() == safety.committedIndex());
  }

  private boolean runUntil(long endNanos, Supplier<Boolean> reached) {
    while (!events.isEmpty() && events.element().atNanos() <= endNanos) {
      if (eventNumber > EVENTS_MAX) {
        throw new SimFailure(SimFailure.Check.PROGRESS, "messages beget messages without end");
      }
      Event event = events.remove();
      nowNanos = event.atNanos();
      event.action().run();
      if (reached.get()) {
        return true;
      }
    }
    nowNanos = endNanos;
    return false;
  }

  /// How long after the beginning a member comes: with a leader that is named, its members make the
  /// group one after the other, and now and then one is away for longer than an election takes.
  long comesAfterNanos() {
    return focus == SimProfile.Focus.BEGINNINGS
        ? between(0, random.nextInt(4) == 0 ? 500_000_000 : 3_000_000)
        : 0;
  }

  void after(long delayNanos, Runnable action) {
    events.add(new Event(nowNanos + delayNanos, eventNumber++, action));
  }

  long nowNanos() {
    return nowNanos;
  }

  long between(long least, long most) {
    return random.nextLong(least, most + 1);
  }

  SimReplica replica(NodeId id) {
    return Objects.requireNonNull(replicas.get(id));
  }

  List<SimReplica> replicas() {
    return List.copyOf(replicas.values());
  }

  /// The running replica that leads the highest term.
  @Nullable SimReplica leader() {
    SimReplica found = null;
    for (SimReplica replica : replicas.values()) {
      if (replica.running()
          && replica.raft().role() == Role.LEADER
          && (found == null || replica.raft().term() > found.raft().term())) {
        found = replica;
      }
    }
    return found;
  }

  /// What the liveness of nodes says of `other` at `node`.
  boolean believesAlive(NodeId node, @Nullable NodeId other) {
    return other != null
        && replica(other).responsive()
        && network.connected(node, other)
        && network.connected(other, node);
  }

  void note(Supplier<String> line) {
    if (keepTrail) {
      if (trail.size() == TRAIL_MAX) {
        trail.remove();
      }
      trail.add("%9.3f ms  %s".formatted(nowNanos / 1e6, line.get()));
    }
  }

  long eventCount() {
    return eventNumber;
  }

  String trail() {
    return profile + "\n" + String.join("\n", trail);
  }

  private String status() {
    var text = new StringBuilder();
    for (SimReplica replica : replicas.values()) {
      text.append("\n").append(replica.id).append(' ');
      if (replica.running()) {
        Raft raft = replica.raft();
        text.append(raft.role())
            .append(" term=")
            .append(raft.term())
            .append(" commit=")
            .append(raft.commitIndex())
            .append(" applied=")
            .append(raft.appliedIndex());
        text.append(" last=")
            .append(raft.lastIndex())
            .append(" mark=")
            .append(Scenario.describe(raft.snapshot()))
            .append(' ')
            .append(raft.configuration());
        text.append(raft.quiesced() ? " asleep " : " ").append(raft.peers());
      }
    }
    return text.toString();
  }
}
