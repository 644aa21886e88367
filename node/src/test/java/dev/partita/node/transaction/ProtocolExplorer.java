package dev.partita.node.transaction;

import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.partition.TransactionOutcome.Aborted;
import dev.partita.node.partition.TransactionOutcome.Committed;
import dev.partita.node.partition.TransactionStatus;
import dev.partita.node.partition.TransactionStatus.Finished;
import dev.partita.node.partition.TransactionStatus.Prepared;
import dev.partita.node.time.Timestamp;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Looks at every state that three participants, a coordinator and others who end its transaction
/// can come to. Whatever was sent may arrive at any time, in any order, again and again, or never;
/// whoever does something may stop for ever before it. So crashes of coordinators, cuts of the
/// network, and late and doubled messages are all in it.
///
/// A participant's own crash is not: its state is replicated, and what it has not stored it has not
/// done.
final class ProtocolExplorer {

  static final List<PartitionId> PARTICIPANTS =
      List.of(new PartitionId(1), new PartitionId(2), new PartitionId(3));

  /// What can be wrong with a protocol, to see that it would be found.
  enum Bug {
    NONE,
    /// Who is asked may still prepare afterwards.
    INSPECTED_MAY_PREPARE,
    /// Who has refused may prepare when asked once more.
    REFUSAL_IS_FORGOTTEN,
    /// A coordinator that waits no more says "aborted" without asking.
    GIVES_UP_ALONE,
    /// Who ends a transaction takes it for committed when the record has prepared.
    TRUSTS_THE_RECORD_ALONE,
    /// A later outcome replaces an earlier one.
    LAST_OUTCOME_WINS
  }

  /// Statuses of participants, protocols by number, and what was sent, as sets of bits.
  private record World(
      int statuses, int coordinator, int first, int second, long requests, long replies) {}

  private static final int COUNT = 3;
  private static final int ABSENT = 0;
  private static final int PREPARED = 1;
  private static final int COMMITTED = 2;
  private static final int ABORTED = 3;

  /// Requests of one process: prepare, commit, abort, inspect for each participant, and forget.
  private static final int REQUESTS = 4 * COUNT + 1;

  /// Replies to one process: prepared, refused, committed, aborted by each participant.
  private static final int REPLIES = 4 * COUNT;

  private static final Timestamp COMMIT = at(COUNT - 1);

  private final Bug bug;
  private final List<CommitProtocol> coordinators = new ArrayList<>();
  private final Map<CommitProtocol, Integer> coordinatorNumbers = new HashMap<>();
  private final List<RecoveryProtocol> recoveries = new ArrayList<>();
  private final Map<RecoveryProtocol, Integer> recoveryNumbers = new HashMap<>();
  private final Set<World> seen = new HashSet<>();
  private final ArrayDeque<World> open = new ArrayDeque<>();
  private final Set<Integer> outcomes = new HashSet<>();

  ProtocolExplorer(Bug bug) {
    this.bug = bug;
  }

  /// What an exploration has come to.
  ///
  /// @param violation null if nothing was wrong
  /// @param outcomes how all participants together have ended, in states where all have
  record Result(int states, @Nullable String violation, Set<Integer> outcomes) {
    boolean sawCommit() {
      return outcomes.contains(COMMITTED);
    }

    boolean sawAbort() {
      return outcomes.contains(ABORTED);
    }
  }

  private static Timestamp at(int participant) {
    return new Timestamp(10L + participant);
  }

  /// Explores a coordinator and so many others.
  ///
  /// @param coordinatorLives false if it stops when it has sent its first messages
  Result explore(boolean coordinatorLives, int others) {
    CommitProtocol.Step begin = CommitProtocol.begin(PARTICIPANTS);
    World start =
        new World(
            0, coordinatorLives ? number(begin.next()) : -1, -1, -1, sent(0, begin.messages()), 0);
    add(start);
    int looked = 0;
    while (!open.isEmpty()) {
      World world = open.removeFirst();
      looked++;
      String violation = violation(world);
      if (violation != null) {
        return new Result(looked, violation + ": " + describe(world), outcomes);
      }
      participantsAct(world);
      coordinatorActs(world);
      othersAct(world, others);
    }
    return new Result(looked, null, outcomes);
  }

  private void add(World world) {
    if (seen.add(world)) {
      open.add(world);
    }
  }

  private int number(CommitProtocol protocol) {
    return coordinatorNumbers.computeIfAbsent(
        protocol,
        one -> {
          coordinators.add(one);
          return coordinators.size() - 1;
        });
  }

  private int number(RecoveryProtocol protocol) {
    return recoveryNumbers.computeIfAbsent(
        protocol,
        one -> {
          recoveries.add(one);
          return recoveries.size() - 1;
        });
  }

  private static long sent(int process, List<Message> messages) {
    long bits = 0;
    for (Message message : messages) {
      int to = PARTICIPANTS.indexOf(message.to());
      int request =
          switch (message) {
            case Message.Prepare _ -> to;
            case Message.Finish(var _, Committed _) -> COUNT + to;
            case Message.Finish(var _, Aborted _) -> 2 * COUNT + to;
            case Message.Inspect _ -> 3 * COUNT + to;
            case Message.Forget _ -> 4 * COUNT;
            case Message.Promise _, Message.Accept _ ->
                throw new IllegalArgumentException("not in two phases");
          };
      bits |= 1L << (process * REQUESTS + request);
    }
    return bits;
  }

  private static int status(World world, int participant) {
    return (world.statuses() >> (2 * participant)) & 3;
  }

  private static TransactionStatus statusOf(int number, int participant) {
    return switch (number) {
      case ABSENT -> TransactionStatus.absent();
      case PREPARED -> new Prepared(at(participant));
      case COMMITTED -> new Finished(new Committed(COMMIT));
      default -> TransactionStatus.aborted();
    };
  }

  private static int numberOf(TransactionStatus status) {
    return switch (status) {
      case TransactionStatus.Absent() -> ABSENT;
      case Prepared _ -> PREPARED;
      case Finished(Committed _) -> COMMITTED;
      case Finished(Aborted _) -> ABORTED;
    };
  }

  private void participantsAct(World world) {
    for (int process = 0; process < 3; process++) {
      for (int to = 0; to < COUNT; to++) {
        TransactionStatus before = statusOf(status(world, to), to);
        Timestamp timestamp = at(to);
        if (has(world, process, to)) {
          reply(world, process, to, before.prepare(timestamp), true);
          TransactionStatus refused =
              bug == Bug.REFUSAL_IS_FORGOTTEN && before.equals(TransactionStatus.absent())
                  ? before
                  : before.refuse();
          reply(world, process, to, refused, true);
        }
        if (has(world, process, COUNT + to)) {
          reply(world, process, to, finish(before, new Committed(COMMIT)), false);
        }
        if (has(world, process, 2 * COUNT + to)) {
          reply(world, process, to, finish(before, new Aborted()), false);
        }
        if (has(world, process, 3 * COUNT + to)) {
          TransactionStatus after = before.inspect();
          boolean stays = bug == Bug.INSPECTED_MAY_PREPARE && !before.equals(after);
          World next = stays ? world : with(world, to, numberOf(after));
          add(replied(next, process, to, numberOf(after), false));
        }
      }
    }
  }

  private TransactionStatus finish(TransactionStatus before, TransactionOutcome outcome) {
    return bug == Bug.LAST_OUTCOME_WINS && !before.equals(TransactionStatus.absent())
        ? new Finished(outcome)
        : before.finish(outcome);
  }

  private static boolean has(World world, int process, int request) {
    return ((world.requests() >> (process * REQUESTS + request)) & 1) != 0;
  }

  private static World with(World world, int participant, int status) {
    int statuses = (world.statuses() & ~(3 << (2 * participant))) | (status << (2 * participant));
    return new World(
        statuses,
        world.coordinator(),
        world.first(),
        world.second(),
        world.requests(),
        world.replies());
  }

  private void reply(World world, int process, int by, TransactionStatus after, boolean preparing) {
    int number = numberOf(after);
    add(replied(with(world, by, number), process, by, number, preparing));
  }

  private static World replied(World world, int process, int by, int status, boolean preparing) {
    int kind =
        switch (status) {
          case PREPARED -> 0;
          case COMMITTED -> 2;
          case ABORTED -> preparing ? 1 : 3;
          default -> preparing ? 1 : 2; // the late copy of a commit is answered with itself
        };
    return new World(
        world.statuses(),
        world.coordinator(),
        world.first(),
        world.second(),
        world.requests(),
        world.replies() | (1L << (process * REPLIES + by * 4 + kind)));
  }

  private void coordinatorActs(World world) {
    if (world.coordinator() < 0) {
      return;
    }
    CommitProtocol protocol = coordinators.get(world.coordinator());
    step(world, protocol.givenUp());
    if (bug == Bug.GIVES_UP_ALONE && protocol.outcome() == null) {
      step(
          world,
          new CommitProtocol.Step(
              new CommitProtocol(
                  PARTICIPANTS, protocol.prepared(), new Aborted(), true, protocol.ended()),
              List.of()));
    }
    forEachReply(
        world,
        0,
        (by, kind) -> {
          PartitionId from = PARTICIPANTS.get(by);
          step(
              world,
              switch (kind) {
                case 0 -> protocol.prepared(from, at(by));
                case 1 -> protocol.refused(from);
                case 2 -> protocol.finished(from, new Committed(COMMIT));
                default -> protocol.finished(from, new Aborted());
              });
        });
  }

  private void step(World world, CommitProtocol.Step step) {
    add(
        new World(
            world.statuses(),
            number(step.next()),
            world.first(),
            world.second(),
            world.requests() | sent(0, step.messages()),
            world.replies()));
  }

  private interface ReplyHandler {
    void accept(int by, int kind);
  }

  private static void forEachReply(World world, int process, ReplyHandler handler) {
    for (int by = 0; by < COUNT; by++) {
      for (int kind = 0; kind < 4; kind++) {
        if (((world.replies() >> (process * REPLIES + by * 4 + kind)) & 1) != 0) {
          handler.accept(by, kind);
        }
      }
    }
  }

  private void othersAct(World world, int others) {
    for (int process = 1; process <= others; process++) {
      int number = process == 1 ? world.first() : world.second();
      int self = process;
      if (number < 0) {
        // Whoever meets a lock begins.
        boolean meets = false;
        for (int participant = 0; participant < COUNT; participant++) {
          meets |= status(world, participant) == PREPARED;
        }
        if (meets) {
          step(world, self, RecoveryProtocol.begin(PARTICIPANTS));
        }
        continue;
      }
      RecoveryProtocol protocol = recoveries.get(number);
      Function<Integer, PartitionId> from = PARTICIPANTS::get;
      forEachReply(
          world,
          process,
          (by, kind) ->
              step(
                  world,
                  self,
                  switch (kind) {
                    case 0 -> prepared(protocol, by);
                    case 2 -> protocol.finished(from.apply(by), new Committed(COMMIT));
                    default -> protocol.finished(from.apply(by), new Aborted());
                  }));
    }
  }

  private RecoveryProtocol.Step prepared(RecoveryProtocol protocol, int by) {
    RecoveryProtocol.Step step = protocol.prepared(PARTICIPANTS.get(by), at(by));
    return bug == Bug.TRUSTS_THE_RECORD_ALONE && by == 0 && !protocol.proposed()
        ? protocol.finished(PARTICIPANTS.getFirst(), new Committed(COMMIT))
        : step;
  }

  private void step(World world, int process, RecoveryProtocol.Step step) {
    int number = number(step.next());
    add(
        new World(
            world.statuses(),
            world.coordinator(),
            process == 1 ? number : world.first(),
            process == 2 ? number : world.second(),
            world.requests() | sent(process, step.messages()),
            world.replies()));
  }

  private @Nullable String violation(World world) {
    boolean committed = false;
    boolean aborted = false;
    int ended = 0;
    for (int participant = 0; participant < COUNT; participant++) {
      committed |= status(world, participant) == COMMITTED;
      aborted |= status(world, participant) == ABORTED;
      ended += status(world, participant) >= COMMITTED ? 1 : 0;
    }
    if (committed && aborted) {
      return "one participant has committed, another one has aborted";
    }
    if (ended == COUNT) {
      outcomes.add(committed ? COMMITTED : ABORTED);
    }
    var told = new ArrayList<TransactionOutcome>();
    if (world.coordinator() >= 0) {
      add(told, coordinators.get(world.coordinator()).outcome());
    }
    for (int number : new int[] {world.first(), world.second()}) {
      if (number >= 0) {
        add(told, recoveries.get(number).outcome());
      }
    }
    for (TransactionOutcome outcome : told) {
      if (outcome instanceof Committed(Timestamp at) && !at.equals(COMMIT)) {
        return "committed below what a participant has promised";
      }
      if (outcome instanceof Committed && aborted) {
        return "somebody was told of a commit that a participant has aborted";
      }
      if (outcome instanceof Aborted && committed) {
        return "somebody was told of an abort that a participant has committed";
      }
    }
    if (told.stream().distinct().count() > 1) {
      return "two were told different outcomes";
    }
    for (int process = 0; process < 3; process++) {
      if (has(world, process, 4 * COUNT) && !(committed && ended == COUNT)) {
        return "the record may be forgotten and a participant does not know the outcome";
      }
    }
    return stuck(world);
  }

  private static void add(List<TransactionOutcome> told, @Nullable TransactionOutcome outcome) {
    if (outcome != null) {
      told.add(outcome);
    }
  }

  /// From every state somebody who is let alone can end the transaction.
  private @Nullable String stuck(World world) {
    var statuses = new ArrayList<TransactionStatus>();
    for (int participant = 0; participant < COUNT; participant++) {
      statuses.add(statusOf(status(world, participant), participant));
    }
    if (bug != Bug.NONE || statuses.stream().noneMatch(Prepared.class::isInstance)) {
      return null;
    }
    RecoveryProtocol.Step step = RecoveryProtocol.begin(PARTICIPANTS);
    var messages = new ArrayDeque<>(step.messages());
    RecoveryProtocol protocol = step.next();
    while (!messages.isEmpty()) {
      Message message = messages.removeFirst();
      int to = PARTICIPANTS.indexOf(message.to());
      TransactionStatus before = statuses.get(to);
      TransactionStatus after =
          message instanceof Message.Finish(var _, var outcome)
              ? before.finish(outcome)
              : before.inspect();
      statuses.set(to, after);
      if (!(message instanceof Message.Forget)) {
        step =
            switch (after) {
              case Prepared(Timestamp at) -> protocol.prepared(message.to(), at);
              case Finished(var outcome) -> protocol.finished(message.to(), outcome);
              case TransactionStatus.Absent() ->
                  protocol.finished(message.to(), ((Message.Finish) message).outcome());
            };
        protocol = step.next();
        messages.addAll(step.messages());
      }
    }
    return protocol.isDone() && statuses.stream().noneMatch(Prepared.class::isInstance)
        ? null
        : "nobody can end the transaction";
  }

  private String describe(World world) {
    var text = new StringBuilder();
    for (int participant = 0; participant < COUNT; participant++) {
      text.append(statusOf(status(world, participant), participant)).append(' ');
    }
    text.append(world.coordinator() < 0 ? "no coordinator" : coordinators.get(world.coordinator()));
    for (int number : new int[] {world.first(), world.second()}) {
      if (number >= 0) {
        text.append(' ').append(recoveries.get(number));
      }
    }
    return text.toString();
  }
}
