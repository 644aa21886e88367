package dev.partita.node.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Runs the commands of a scenario file on a group of replicas and returns what happened, line by line. Nothing happens by itself: time passes
/// by `tick` and `advance`, messages arrive by `deliver`, `stabilize` or not at all.
///
///     settings inflight=2 ...      before add-nodes
///     add-nodes 3                  nodes 1..3, voters of a new group; `learners=4` and `empty=5` add more
///     campaign N | propose N x y.. | transfer N TO | read N CONTEXT | lease N
///     applied-reads N              for how long reads of what is applied need no asking
///     change N voters=1,2 learners=3
///     recover N TERM LAST-TERM LAST-INDEX voters=1 learners=2     with a command "recovered"
///     tick N|all COUNT | advance N|all DURATION     with and without ticks
///     elect N                      campaign and stabilize, after a pause and without a transcript
///     deliver [A->B] | stabilize   one wave of messages | until nothing is under way
///     cut A->B | cut A | heal | drop [A->B]
///     crash N | restart N | hold-disk N | sync N | hold-apply N | release-apply N | compact N INDEX
///     unreachable N PEER | snapshot-sent N PEER ok|failed
///     status | log [N]
final class Scenario {

  private static final int ROUNDS_MAX = 200;

  private final Map<NodeId, ScenarioNode> nodes = new TreeMap<>();
  private final Set<String> cuts = new HashSet<>();
  private final StringBuilder transcript = new StringBuilder();
  private List<Message> underWay = new ArrayList<>();
  private RaftSettings settings =
      new RaftSettings(Duration.ofMillis(100), 2, 10, 10, 1000, 4, 100_000, 1000, 1000, true, 0);

  /// Runs one command and returns its output.
  String run(String command) {
    transcript.setLength(0);
    String[] words = command.trim().split("\\s+");
    switch (words[0]) {
      case "settings" -> set(words);
      case "add-nodes" -> addNodes(words);
      case "campaign" -> node(words[1]).raft().campaign(node(words[1]).nowNanos);
      case "propose" -> propose(words);
      case "change" -> change(words);
      case "transfer" ->
          say(node(words[1]).raft().transferLeadership(id(words[2])) ? "begun" : "refused");
      case "recover" -> recover(words);
      case "read" -> read(words);
      case "lease" ->
          say(node(words[1]).raft().leaseValid(node(words[1]).nowNanos) ? "valid" : "not valid");
      case "applied-reads" -> appliedReads(node(words[1]));
      case "tick" -> tick(words);
      case "advance" ->
          chosen(words[1])
              .forEach(node -> node.nowNanos += Duration.parse("PT" + words[2]).toNanos());
      case "elect" -> elect(words[1]);
      case "deliver" -> deliver(words.length == 1 ? "" : words[1]);
      case "stabilize" -> stabilize();
      case "cut" -> cut(words[1]);
      case "heal" -> cuts.clear();
      case "drop" -> drop(words);
      case "crash" -> node(words[1]).crash();
      case "restart" -> node(words[1]).restart();
      case "hold-disk" -> node(words[1]).holdDisk();
      case "sync" -> send(node(words[1]).syncDisk());
      case "hold-apply" -> node(words[1]).holdApply();
      case "release-apply" -> node(words[1]).releaseApply();
      case "compact" -> node(words[1]).compact(Long.parseLong(words[2]));
      case "unreachable" -> node(words[1]).raft().unreachable(id(words[2]));
      case "snapshot-sent" ->
          node(words[1]).raft().snapshotSent(id(words[2]), words[3].equals("ok"));
      case "wake" -> node(words[1]).raft().wake();
      case "status" -> nodes.values().forEach(node -> say(node.status()));
      case "log" ->
          (words.length > 1 ? List.of(node(words[1])) : nodes.values())
              .forEach(node -> say(node.logText()));
      default -> throw new IllegalArgumentException("unknown command: " + command);
    }
    work();
    return transcript.isEmpty() ? "ok\n" : transcript.toString();
  }

  private void set(String[] words) {
    RaftSettings s = settings;
    int inflight = number(words, "inflight", s.inflightAppendsMax());
    long append = number(words, "append-bytes", (int) s.appendBytesMax());
    long uncommitted = number(words, "uncommitted-bytes", (int) s.uncommittedBytesMax());
    int quiesce = number(words, "quiesce-ticks", s.quiesceTicks());
    settings =
        new RaftSettings(
            s.tick(),
            s.heartbeatTicks(),
            s.electionTicks(),
            s.clockDriftPercent(),
            append,
            inflight,
            s.inflightBytesMax(),
            uncommitted,
            s.applyBytesMax(),
            s.eagerCommit(),
            quiesce);
  }

  private void addNodes(String[] words) {
    var voters = new TreeSet<NodeId>();
    for (int i = 1; i <= Integer.parseInt(words[1]); i++) {
      voters.add(new NodeId(i));
    }
    Set<NodeId> learners = ids(words, "learners");
    var configuration = Configuration.of(voters, learners);
    int leader = number(words, "led", 0);
    boolean led = leader > 0;
    SnapshotMark mark =
        led ? SnapshotMark.inherited(configuration) : SnapshotMark.initial(configuration);
    HardState state =
        led ? SnapshotMark.inheritedHardState(new NodeId(leader)) : SnapshotMark.initialHardState();
    for (NodeId member : configuration.members()) {
      nodes.put(member, new ScenarioNode(member, settings, state, mark, this::say));
    }
    for (NodeId empty : ids(words, "empty")) {
      nodes.put(
          empty, new ScenarioNode(empty, settings, HardState.NONE, SnapshotMark.NONE, this::say));
    }
  }

  private void propose(String[] words) {
    List<byte[]> commands =
        List.of(words).subList(2, words.length).stream().map(word -> word.getBytes(UTF_8)).toList();
    say(
        switch (node(words[1]).raft().propose(commands)) {
          case ProposeResult.Accepted(long term, long firstIndex) ->
              "accepted at " + term + "/" + firstIndex;
          case ProposeResult.NotLeader(var leader) -> "not the leader, which is " + leader;
          case ProposeResult.Busy(var reason) -> "busy: " + reason;
        });
  }

  private void appliedReads(ScenarioNode node) {
    OptionalLong until = node.raft().appliedReadsUntilNanos(node.nowNanos);
    say(
        until.isEmpty()
            ? "not without asking"
            : "for " + Duration.ofNanos(until.getAsLong() - node.nowNanos).toMillis() + " ms");
  }

  private void change(String[] words) {
    say(
        switch (node(words[1])
            .raft()
            .changeConfiguration(
                new ConfigurationChange(ids(words, "voters"), ids(words, "learners")))) {
          case ChangeResult.Accepted(long term, long index, var next) ->
              "accepted at " + term + "/" + index + ": " + next;
          case ChangeResult.NotLeader(var leader) -> "not the leader, which is " + leader;
          case ChangeResult.Refused(var reason) -> "refused: " + reason;
        });
  }

  private void recover(String[] words) {
    var recovery =
        new GroupRecovery(
            Long.parseLong(words[4]),
            Long.parseLong(words[3]),
            Long.parseLong(words[2]),
            Configuration.of(ids(words, "voters"), ids(words, "learners")),
            List.of("recovered".getBytes(UTF_8)));
    say(node(words[1]).raft().recover(node(words[1]).nowNanos, recovery) ? "begun" : "refused");
  }

  private void read(String[] words) {
    ScenarioNode node = node(words[1]);
    if (node.raft().readIndex(node.nowNanos, Long.parseLong(words[2]))
        instanceof ReadResult.NotLeader(var leader)) {
      say("not the leader, which is " + leader);
    }
  }

  private void tick(String[] words) {
    for (int i = 0; i < Integer.parseInt(words[2]); i++) {
      for (ScenarioNode node : chosen(words[1])) {
        node.nowNanos += settings.tick().toNanos();
        node.raft().tick(node.nowNanos);
      }
      work();
    }
  }

  private void work() {
    nodes.values().stream().filter(ScenarioNode::running).forEach(node -> send(node.work()));
  }

  private void send(List<Message> messages) {
    for (Message message : messages) {
      if (cuts.contains(link(message))
          || cuts.contains(message.from().toString())
          || cuts.contains(message.to().toString())) {
        say("  lost: " + describe(message));
      } else {
        say("  " + describe(message));
        underWay.add(message);
      }
    }
  }

  /// An election that is not what the scenario is about: only its outcome is written down.
  private void elect(String word) {
    nodes.values().forEach(node -> node.nowNanos += Duration.ofSeconds(2).toNanos());
    node(word).raft().campaign(node(word).nowNanos);
    work();
    stabilize();
    transcript.setLength(0);
    Raft elected = node(word).raft();
    say(
        word
            + (elected.role() == Role.LEADER ? " leads term " : " does not lead term ")
            + elected.term());
  }

  private void deliver(String link) {
    List<Message> wave = new ArrayList<>(underWay);
    wave.removeIf(message -> !link(message).startsWith(link));
    underWay.removeAll(wave);
    for (Message message : wave) {
      ScenarioNode receiver = nodes.get(message.to());
      if (receiver == null || !receiver.running()) {
        say("  lost: " + describe(message));
        continue;
      }
      receiver.raft().step(receiver.nowNanos, message);
      send(receiver.work());
    }
  }

  private void stabilize() {
    int rounds = 0;
    while (!underWay.isEmpty()) {
      if (++rounds > ROUNDS_MAX) {
        throw new IllegalStateException("the group does not come to rest");
      }
      deliver("");
    }
  }

  private void cut(String what) {
    cuts.add(what);
  }

  private void drop(String[] words) {
    for (Message message : underWay) {
      if (words.length == 1 || link(message).equals(words[1])) {
        say("  lost: " + describe(message));
      }
    }
    underWay.removeIf(message -> words.length == 1 || link(message).equals(words[1]));
  }

  private static String link(Message message) {
    return message.from() + "->" + message.to();
  }

  private void say(String line) {
    transcript.append(line).append('\n');
  }

  private ScenarioNode node(String word) {
    ScenarioNode node = nodes.get(id(word));
    if (node == null) {
      throw new IllegalArgumentException("no node " + word);
    }
    return node;
  }

  private List<ScenarioNode> chosen(String word) {
    return word.equals("all")
        ? nodes.values().stream().filter(ScenarioNode::running).toList()
        : List.of(node(word));
  }

  private static NodeId id(String word) {
    return new NodeId(Long.parseLong(word));
  }

  private static Set<NodeId> ids(String[] words, String name) {
    var found = new TreeSet<NodeId>();
    for (String word : words) {
      if (word.startsWith(name + "=")) {
        for (String id : word.substring(name.length() + 1).split(",", -1)) {
          found.add(id(id));
        }
      }
    }
    return found;
  }

  private static int number(String[] words, String name, int otherwise) {
    for (String word : words) {
      if (word.startsWith(name + "=")) {
        return Integer.parseInt(word.substring(name.length() + 1));
      }
    }
    return otherwise;
  }

  static String describe(SnapshotMark mark) {
    return "(" + mark.term() + "/" + mark.index() + " " + mark.configuration() + ")";
  }

  static String describe(List<Entry> entries) {
    return entries.stream().map(Scenario::describe).collect(joining(", ", "[", "]"));
  }

  private static String describe(Entry entry) {
    return entry.term()
        + "/"
        + entry.index()
        + switch (entry.kind()) {
          case COMMAND -> " " + new String(entry.data(), UTF_8);
          case CONFIGURATION -> " " + Configuration.decode(entry.data());
          case EMPTY -> "";
        };
  }

  static String describe(Message message) {
    String route =
        link(message) + " " + message.getClass().getSimpleName() + " term=" + message.term();
    return route
        + switch (message) {
          case Message.PreVoteRequest m -> " last=" + m.lastTerm() + "/" + m.lastIndex();
          case Message.PreVoteResponse m -> m.granted() ? " granted" : " refused";
          case Message.VoteRequest m ->
              " last=" + m.lastTerm() + "/" + m.lastIndex() + (m.transfer() ? " transfer" : "");
          case Message.VoteResponse m -> m.granted() ? " granted" : " refused";
          case Message.AppendEntries m ->
              " after="
                  + m.previousTerm()
                  + "/"
                  + m.previousIndex()
                  + " commit="
                  + m.commitIndex()
                  + " "
                  + describe(m.entries());
          case Message.AppendAccepted m -> " match=" + m.matchIndex();
          case Message.AppendRejected m ->
              " at=" + m.rejectedIndex() + " hint=" + m.hintTerm() + "/" + m.hintIndex();
          case Message.Heartbeat m -> " commit=" + m.commitIndex() + " round=" + m.readRound();
          case Message.HeartbeatResponse m -> " round=" + m.readRound();
          case Message.InstallSnapshot m -> " " + describe(m.mark());
          case Message.TimeoutNow _ -> "";
          case Message.Quiesce m -> " commit=" + m.commitIndex();
        };
  }
}
