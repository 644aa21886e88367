package dev.partita.node.raft;

import static java.util.stream.Collectors.joining;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// A replica of a scenario with its disk: does what the effects ask for and writes down what it
/// did.
final class ScenarioNode {

  /// Always the shortest election timeout.
  private static final RandomGenerator NO_RANDOMNESS = () -> 0L;

  final NodeId id;
  private final RaftSettings settings;
  private final Consumer<String> transcript;
  private final InMemoryLog log;
  private final ArrayDeque<Effects> heldWrites = new ArrayDeque<>();
  private HardState hardState;
  private @Nullable Raft raft;
  private boolean diskHeld;
  private boolean applyHeld;
  private final ArrayDeque<List<Entry>> heldApplies = new ArrayDeque<>();
  private String lastState = "";
  private String lastVote = "";
  long nowNanos;

  ScenarioNode(
      NodeId id,
      RaftSettings settings,
      HardState hardState,
      SnapshotMark mark,
      Consumer<String> transcript) {
    this.id = id;
    this.settings = settings;
    this.hardState = hardState;
    this.transcript = transcript;
    log = new InMemoryLog(mark);
    start(true);
  }

  void restart() {
    start(false);
  }

  private void start(boolean begun) {
    raft =
        new Raft(
            id, settings, hardState, log, begun, log.snapshot().index(), NO_RANDOMNESS, nowNanos);
    lastState = state();
  }

  void crash() {
    raft = null;
    heldWrites.clear();
    heldApplies.clear();
    diskHeld = false;
    applyHeld = false;
  }

  boolean running() {
    return raft != null;
  }

  Raft raft() {
    return Objects.requireNonNull(raft, "the node is down");
  }

  void holdDisk() {
    diskHeld = true;
  }

  void holdApply() {
    applyHeld = true;
  }

  /// Finishes the writes under way; returns the messages that waited for them.
  List<Message> syncDisk() {
    diskHeld = false;
    var messages = new ArrayList<Message>();
    while (!heldWrites.isEmpty()) {
      messages.addAll(finishWrite(heldWrites.remove()));
    }
    return messages;
  }

  void releaseApply() {
    applyHeld = false;
    while (!heldApplies.isEmpty()) {
      apply(heldApplies.remove());
    }
  }

  /// Cuts the log up to `index`.
  void compact(long index) {
    log.compact(new SnapshotMark(index, raft().termAt(index), raft().configurationAt(index)));
    raft().compacted();
  }

  /// Does everything the core asks for; returns the messages to be sent.
  List<Message> work() {
    var messages = new ArrayList<Message>();
    while (raft().hasEffects()) {
      Effects effects = raft().takeEffects();
      String state = state();
      if (!state.equals(lastState)) {
        transcript.accept("  " + id + " is " + state);
        lastState = state;
      }
      messages.addAll(effects.messages());
      if (effects.writes() && effects.sync()) {
        transcript.accept("  " + id + " writes" + describeWrite(effects));
      }
      if (diskHeld) {
        heldWrites.add(effects);
      } else {
        messages.addAll(finishWrite(effects));
      }
      if (!effects.committed().isEmpty()) {
        if (applyHeld) {
          heldApplies.add(effects.committed());
        } else {
          apply(effects.committed());
        }
      }
      effects
          .confirmedReads()
          .forEach(read ->
              transcript.accept(
                  "  " + id + " may serve read " + read.contextId() + " at " + read.readIndex()));
      effects.lostReads().forEach(read -> transcript.accept("  " + id + " lost read " + read));
      if (effects.snapshot() != null) {
        transcript.accept(
            "  " + id + " installs snapshot " + Scenario.describe(effects.snapshot()));
        log.reset(effects.snapshot());
        raft().snapshotInstalled(effects.snapshot());
      }
    }
    return messages;
  }

  private List<Message> finishWrite(Effects effects) {
    if (effects.hardState() != null) {
      hardState = effects.hardState();
    }
    log.write(effects.entries());
    raft().persisted(effects.writeNumber());
    return effects.messagesAfterPersist();
  }

  private void apply(List<Entry> entries) {
    transcript.accept("  " + id + " applies " + Scenario.describe(entries));
    raft().applied(entries.getLast().index());
  }

  private String describeWrite(Effects effects) {
    String text = "";
    HardState state = effects.hardState();
    if (state != null) {
      String vote = " term=" + state.term() + (state.vote() == null ? "" : " vote=" + state.vote());
      text = vote.equals(lastVote) ? "" : vote;
      lastVote = vote;
    }
    return effects.entries().isEmpty() ? text : text + " " + Scenario.describe(effects.entries());
  }

  private String state() {
    return raft().role()
        + " term="
        + raft().term()
        + (raft().leader() == null ? "" : " leader=" + raft().leader());
  }

  String status() {
    if (raft == null) {
      return id + " is down";
    }
    String text =
        id
            + " "
            + state()
            + " commit="
            + raft.commitIndex()
            + " applied="
            + raft.appliedIndex()
            + " last="
            + raft.lastIndex();
    text += " " + raft.configuration() + (raft.quiesced() ? " asleep" : "");
    return raft.peers().isEmpty()
        ? text
        : text
            + raft.peers().stream()
                .map(peer ->
                    "\n    "
                        + peer.node()
                        + " "
                        + peer.state()
                        + " match="
                        + peer.matchIndex()
                        + (peer.active() ? "" : " silent"))
                .collect(joining());
  }

  String logText() {
    return id + " " + Scenario.describe(log.snapshot()) + " | " + Scenario.describe(log.all());
  }
}
