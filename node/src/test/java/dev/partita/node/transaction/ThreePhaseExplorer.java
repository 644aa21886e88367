package dev.partita.node.transaction;

import dev.partita.node.partition.Ballots;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.partition.TransactionOutcome.Aborted;
import dev.partita.node.partition.TransactionOutcome.Committed;
import dev.partita.node.partition.TransactionStatus;
import dev.partita.node.time.Timestamp;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// As [ProtocolExplorer], for three phases: every state that three participants, a coordinator and
/// two who take over can come to, whatever is lost, late or doubled and whoever stops wherever.
///
/// A request may arrive whenever it likes; its answer comes at once or is lost. Nothing is missed
/// by that: what follows from an answer are only further requests, which may take as long as they
/// like.
final class ThreePhaseExplorer {

  static final List<PartitionId> PARTICIPANTS = ProtocolExplorer.PARTICIPANTS;

  /// What can be wrong with the protocol, to see that it would be found.
  enum Bug {
    NONE,
    /// Who takes over does not look at what was accepted before.
    IGNORES_WHAT_WAS_ACCEPTED,
    /// A promise is not kept.
    ACCEPTS_SMALLER_BALLOTS,
    /// Who takes over commits when those it has heard of have prepared.
    COMMITS_FOR_THOSE_IT_HAS_HEARD,
    /// A coordinator that takes over itself takes answers to its first try for such to the second.
    HEARS_ITS_FIRST_TRY
  }

  /// Where the exploration begins.
  enum Start {
    /// The coordinator lives, and one takes over.
    WITH_COORDINATOR,
    /// The coordinator lives, may grow impatient at any moment and then takes over itself, with the
    /// first ballot; another one takes over with the second.
    IMPATIENT_COORDINATOR,
    /// The coordinator has died when it had asked all to prepare.
    PREPARING,
    /// The coordinator has died when it had asked all to accept.
    ACCEPTING
  }

  private record World(int participants, int coordinator, int first, int second, long requests) {}

  /// More would take longer than a test may.
  private static final int STATES_MAX = 3_000_000;

  private static final int COUNT = 3;
  private static final Timestamp COMMIT = at(COUNT - 1);

  /// What a participant may have accepted; the number is its place.
  private static final List<Ballots> ACCEPTED =
      List.of(
          Ballots.NONE,
          accepted(0, true),
          accepted(1, true),
          accepted(1, false),
          accepted(2, true),
          accepted(2, false));

  private static final int ABSENT = 0;
  private static final int PREPARED = 1;
  private static final int COMMITTED = 2;
  private static final int ABORTED = 3;
  private static final int BITS = 7;

  // Requests of the coordinator, each for three participants, and of those who take over.
  private static final int PREPARE = 0;
  private static final int ACCEPT_COMMIT = 3;
  private static final int FINISH_COMMIT = 6;
  private static final int FINISH_ABORT = 9;
  private static final int ACCEPT_ABORT = 12;
  private static final int FORGET = 15;
  private static final int REQUESTS = 16;

  private final Bug bug;
  private final List<ThreePhaseCommit> coordinators = new ArrayList<>();
  private final Map<ThreePhaseCommit, Integer> coordinatorNumbers = new HashMap<>();
  private final List<TakeOver> others = new ArrayList<>();
  private final Map<TakeOver, Integer> otherNumbers = new HashMap<>();
  private final Set<World> seen = new HashSet<>();
  private final ArrayDeque<World> open = new ArrayDeque<>();
  private boolean impatient;
  private boolean sawCommit;
  private boolean sawAbort;

  ThreePhaseExplorer(Bug bug) {
    this.bug = bug;
  }

  /// What an exploration has come to.
  record Result(int states, @Nullable String violation, boolean sawCommit, boolean sawAbort) {}

  private static Timestamp at(int participant) {
    return new Timestamp(10L + participant);
  }

  private static Ballots accepted(long ballot, boolean commit) {
    return new Ballots(ballot, ballot, commit ? new Committed(COMMIT) : new Aborted());
  }

  Result explore(Start start, int takeOvers) {
    ThreePhaseCommit.Step begin = ThreePhaseCommit.begin(PARTICIPANTS);
    impatient = start == Start.IMPATIENT_COORDINATOR;
    boolean lives = start == Start.WITH_COORDINATOR || impatient;
    long requests = sent(0, begin.messages());
    int participants = 0;
    if (start == Start.ACCEPTING) {
      for (int each = 0; each < COUNT; each++) {
        participants |= PREPARED << (each * BITS);
        requests |= 1L << (ACCEPT_COMMIT + each);
      }
    }
    add(new World(participants, lives ? number(begin.next()) : -1, -1, -1, requests));
    int looked = 0;
    while (!open.isEmpty()) {
      World world = open.removeFirst();
      looked++;
      if (looked > STATES_MAX) {
        return new Result(looked, "more states than can be looked at", sawCommit, sawAbort);
      }
      String violation = violation(world);
      if (violation != null) {
        return new Result(looked, violation, sawCommit, sawAbort);
      }
      if (hasEnded(world)) {
        continue; // nothing that comes now changes anything
      }
      participantsAct(world);
      if (impatient) {
        coordinatorTakesOver(world);
      }
      for (int process = impatient ? 2 : 1; process <= takeOvers; process++) {
        otherBegins(world, process);
      }
    }
    return new Result(looked, null, sawCommit, sawAbort);
  }

  private static boolean hasEnded(World world) {
    for (int participant = 0; participant < COUNT; participant++) {
      if (status(world, participant) < COMMITTED) {
        return false;
      }
    }
    return true;
  }

  private void add(World world) {
    if (seen.add(world)) {
      open.add(world);
    }
  }

  private int number(ThreePhaseCommit full) {
    TakeOver deciding = full.deciding();
    ThreePhaseCommit protocol =
        deciding == null ? full : new ThreePhaseCommit(PARTICIPANTS, Map.of(), essence(deciding));
    Integer known = coordinatorNumbers.putIfAbsent(protocol, coordinators.size());
    if (known != null) {
      return known;
    }
    coordinators.add(protocol);
    return coordinators.size() - 1;
  }

  /// Without what it will never look at again: states that differ in nothing else are one.
  private static TakeOver essence(TakeOver protocol) {
    boolean open = protocol.outcome() == null && !protocol.beaten();
    boolean asking = open && protocol.proposed() == null;
    return new TakeOver(
        PARTICIPANTS,
        protocol.ballot(),
        asking ? protocol.promises() : Map.of(),
        asking ? protocol.prepared() : Map.of(),
        open ? protocol.proposed() : null,
        open ? protocol.accepted() : Set.of(),
        protocol.outcome(),
        protocol.beaten() && protocol.outcome() == null,
        protocol.ended());
  }

  private int number(TakeOver full) {
    TakeOver protocol = essence(full);
    Integer known = otherNumbers.putIfAbsent(protocol, others.size());
    if (known != null) {
      return known;
    }
    others.add(protocol);
    return others.size() - 1;
  }

  private static long sent(int process, List<Message> messages) {
    long bits = 0;
    for (Message message : messages) {
      int to = PARTICIPANTS.indexOf(message.to());
      int request =
          switch (message) {
            case Message.Prepare _, Message.Promise _ -> PREPARE + to;
            case Message.Accept(var _, long _, Committed _) -> ACCEPT_COMMIT + to;
            case Message.Accept(var _, long _, Aborted _) -> ACCEPT_ABORT + to;
            case Message.Finish(var _, Committed _) -> FINISH_COMMIT + to;
            case Message.Finish(var _, Aborted _) -> FINISH_ABORT + to;
            case Message.Forget _ -> FORGET;
            case Message.Inspect _ -> throw new IllegalArgumentException("not in three phases");
          };
      bits |= 1L << (process * REQUESTS + request);
    }
    return bits;
  }

  private static int status(World world, int participant) {
    return (world.participants() >> (participant * BITS)) & 3;
  }

  private static Ballots ballots(World world, int participant) {
    int bits = world.participants() >> (participant * BITS + 2);
    Ballots accepted = ACCEPTED.get((bits >> 2) & 7);
    return new Ballots(bits & 3, accepted.acceptedBallot(), accepted.accepted());
  }

  private static int acceptedNumber(Ballots ballots) {
    for (int number = 0; number < ACCEPTED.size(); number++) {
      Ballots one = ACCEPTED.get(number);
      if (one.acceptedBallot() == ballots.acceptedBallot()
          && (one.accepted() == null
              ? ballots.accepted() == null
              : one.accepted().equals(ballots.accepted()))) {
        return number;
      }
    }
    throw new IllegalStateException("nobody puts this forward: " + ballots);
  }

  private static World with(World world, int participant, int status, Ballots ballots) {
    int bits = status | ((int) ballots.promised() << 2) | (acceptedNumber(ballots) << 4);
    int participants =
        (world.participants() & ~(((1 << BITS) - 1) << (participant * BITS)))
            | (bits << (participant * BITS));
    return new World(
        participants, world.coordinator(), world.first(), world.second(), world.requests());
  }

  /// What a participant answers.
  private sealed interface Reply {}

  /// It has prepared, as the coordinator asked.
  private record PreparedReply() implements Reply {}

  /// It will never prepare.
  private record RefusedReply() implements Reply {}

  private record PromisedReply(boolean prepared, Ballots before) implements Reply {}

  private record AcceptedReply() implements Reply {}

  private record RejectedReply() implements Reply {}

  private record KnowsReply(boolean committed) implements Reply {}

  /// A participant has answered: the answer is lost, or it arrives.
  private void replied(World world, int process, int by, Reply reply) {
    add(world);
    if (process == 0 || (impatient && process == 1)) {
      coordinatorHears(world, process, by, reply);
    } else {
      otherHears(world, process, by, reply);
    }
  }

  private static boolean has(World world, int process, int request) {
    return ((world.requests() >> (process * REQUESTS + request)) & 1) != 0;
  }

  private void participantsAct(World world) {
    for (int process = 0; process < 3; process++) {
      for (int to = 0; to < COUNT; to++) {
        if (has(world, process, PREPARE + to)) {
          if (process == 0) {
            prepares(world, to);
          } else {
            promises(world, process, to);
          }
        }
        if (has(world, process, ACCEPT_COMMIT + to)) {
          accepts(world, process, to, new Committed(COMMIT));
        }
        if (has(world, process, ACCEPT_ABORT + to)) {
          accepts(world, process, to, new Aborted());
        }
        if (has(world, process, FINISH_COMMIT + to)) {
          finishes(world, process, to, new Committed(COMMIT));
        }
        if (has(world, process, FINISH_ABORT + to)) {
          finishes(world, process, to, new Aborted());
        }
      }
    }
  }

  private void prepares(World world, int to) {
    Ballots ballots = ballots(world, to);
    switch (status(world, to)) {
      case ABSENT -> {
        replied(with(world, to, PREPARED, ballots), 0, to, new PreparedReply());
        replied(with(world, to, ABORTED, Ballots.NONE), 0, to, new RefusedReply());
      }
      case PREPARED -> replied(world, 0, to, new PreparedReply());
      case COMMITTED -> replied(world, 0, to, new KnowsReply(true));
      default -> replied(world, 0, to, new RefusedReply());
    }
  }

  private boolean knows(World world, int process, int to) {
    int status = status(world, to);
    if (status < COMMITTED) {
      return false;
    }
    replied(world, process, to, new KnowsReply(status == COMMITTED));
    return true;
  }

  private void promises(World world, int process, int to) {
    if (knows(world, process, to)) {
      return;
    }
    Ballots before = ballots(world, to);
    if (!before.accepts(process)) {
      replied(world, process, to, new RejectedReply());
      return;
    }
    int status = status(world, to);
    replied(
        with(world, to, status, before.promise(process)),
        process,
        to,
        new PromisedReply(status == PREPARED, before));
  }

  private void accepts(World world, int process, int to, TransactionOutcome outcome) {
    if (knows(world, process, to)) {
      return;
    }
    Ballots before = ballots(world, to);
    if (!before.accepts(process) && bug != Bug.ACCEPTS_SMALLER_BALLOTS) {
      replied(world, process, to, new RejectedReply());
      return;
    }
    Ballots after = new Ballots(Math.max(process, before.promised()), process, outcome);
    replied(with(world, to, status(world, to), after), process, to, new AcceptedReply());
  }

  private void finishes(World world, int process, int to, TransactionOutcome outcome) {
    TransactionStatus before =
        switch (status(world, to)) {
          case ABSENT -> TransactionStatus.absent();
          case PREPARED -> new TransactionStatus.Prepared(at(to));
          case COMMITTED -> new TransactionStatus.Finished(new Committed(COMMIT));
          default -> TransactionStatus.aborted();
        };
    int after =
        switch (before.finish(outcome)) {
          case TransactionStatus.Absent() -> ABSENT;
          case TransactionStatus.Prepared _ -> PREPARED;
          case TransactionStatus.Finished(Committed _) -> COMMITTED;
          case TransactionStatus.Finished(Aborted _) -> ABORTED;
        };
    replied(
        with(world, to, after, after == ABSENT ? ballots(world, to) : Ballots.NONE),
        process,
        to,
        new KnowsReply(after == COMMITTED || after == ABSENT));
  }

  private static TransactionOutcome outcome(boolean committed) {
    return committed ? new Committed(COMMIT) : new Aborted();
  }

  /// It has waited too long, wherever it stands.
  private void coordinatorTakesOver(World world) {
    ThreePhaseCommit protocol = coordinators.get(world.coordinator());
    TakeOver deciding = protocol.deciding();
    if (deciding == null || deciding.ballot() == 0) {
      ThreePhaseCommit.Step step = protocol.takeOver(1);
      if (!step.messages().isEmpty()) {
        step(world, step);
      }
    }
  }

  private void coordinatorHears(World world, int process, int by, Reply reply) {
    if (world.coordinator() < 0) {
      return;
    }
    ThreePhaseCommit protocol = coordinators.get(world.coordinator());
    PartitionId from = PARTICIPANTS.get(by);
    TakeOver deciding = protocol.deciding();
    switch (reply) {
      case PreparedReply() -> step(world, protocol.prepared(from, at(by)));
      case RefusedReply() -> step(world, protocol.refused(from));
      case KnowsReply(boolean committed) ->
          step(world, protocol.finished(from, outcome(committed)));
      case AcceptedReply() -> {
        if (deciding != null && (deciding.ballot() == process || bug == Bug.HEARS_ITS_FIRST_TRY)) {
          step(world, protocol.heard(deciding.accepted(from)));
        }
      }
      case RejectedReply() -> {
        if (deciding != null && deciding.ballot() == process && process > 0) {
          step(world, protocol.heard(deciding.rejected()));
        }
      }
      case PromisedReply(boolean prepared, Ballots before) -> {
        if (deciding != null && deciding.ballot() == process) {
          step(world, protocol.heard(deciding.promised(from, prepared ? at(by) : null, before)));
        }
      }
    }
  }

  private void step(World world, ThreePhaseCommit.Step step) {
    add(
        new World(
            world.participants(),
            number(step.next()),
            world.first(),
            world.second(),
            world.requests() | sent(ballot(step.next()), step.messages())));
  }

  private static int ballot(ThreePhaseCommit protocol) {
    TakeOver deciding = protocol.deciding();
    return deciding == null ? 0 : (int) deciding.ballot();
  }

  private void otherBegins(World world, int process) {
    int number = process == 1 ? world.first() : world.second();
    if (number < 0) {
      for (int participant = 0; participant < COUNT; participant++) {
        if (status(world, participant) == PREPARED) {
          step(world, process, TakeOver.begin(PARTICIPANTS, process));
          return;
        }
      }
    }
  }

  private void otherHears(World world, int process, int by, Reply reply) {
    int number = process == 1 ? world.first() : world.second();
    if (number < 0) {
      return;
    }
    TakeOver protocol = others.get(number);
    PartitionId from = PARTICIPANTS.get(by);
    switch (reply) {
      case PromisedReply(boolean prepared, Ballots before) ->
          step(
              world,
              process,
              promised(
                  protocol,
                  from,
                  prepared ? at(by) : null,
                  bug == Bug.IGNORES_WHAT_WAS_ACCEPTED ? Ballots.NONE : before));
      case AcceptedReply() -> step(world, process, protocol.accepted(from));
      case RejectedReply() -> step(world, process, protocol.rejected());
      case KnowsReply(boolean committed) ->
          step(world, process, protocol.finished(from, outcome(committed)));
      case PreparedReply(), RefusedReply() -> throw new IllegalStateException("to nobody");
    }
  }

  private TakeOver.Step promised(
      TakeOver protocol, PartitionId from, @Nullable Timestamp prepared, Ballots before) {
    TakeOver.Step step = protocol.promised(from, prepared, before);
    boolean hasty =
        bug == Bug.COMMITS_FOR_THOSE_IT_HAS_HEARD
            && step.next().proposed() instanceof Aborted
            && protocol.proposed() == null
            && step.next().prepared().size() == step.next().promises().size();
    if (!hasty) {
      return step;
    }
    TakeOver next = step.next();
    return new TakeOver.Step(
        new TakeOver(
            PARTICIPANTS,
            next.ballot(),
            next.promises(),
            next.prepared(),
            new Committed(COMMIT),
            next.accepted(),
            null,
            false,
            next.ended()),
        PARTICIPANTS.stream()
            .<Message>map(one -> new Message.Accept(one, next.ballot(), new Committed(COMMIT)))
            .toList());
  }

  private void step(World world, int process, TakeOver.Step step) {
    int number = number(step.next());
    add(
        new World(
            world.participants(),
            world.coordinator(),
            process == 1 ? number : world.first(),
            process == 2 ? number : world.second(),
            world.requests() | sent(process, step.messages())));
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
      return "one participant has committed, another one has aborted: " + world;
    }
    sawCommit |= committed && ended == COUNT;
    sawAbort |= aborted && ended == COUNT;
    var told = new HashSet<TransactionOutcome>();
    if (world.coordinator() >= 0) {
      note(told, coordinators.get(world.coordinator()).outcome());
    }
    note(told, world.first() < 0 ? null : others.get(world.first()).outcome());
    note(told, world.second() < 0 ? null : others.get(world.second()).outcome());
    if (told.size() > 1) {
      return "two were told different outcomes: " + told;
    }
    for (TransactionOutcome outcome : told) {
      if (outcome instanceof Committed ? aborted : committed) {
        return "somebody was told of another outcome than a participant has: " + outcome;
      }
      for (int participant = 0; participant < COUNT; participant++) {
        if (outcome instanceof Committed && status(world, participant) == ABSENT) {
          return "committed without a participant";
        }
      }
    }
    for (int process = 0; process < 3; process++) {
      if (has(world, process, FORGET) && !(committed && ended == COUNT)) {
        return "all may forget and a participant does not know the outcome";
      }
    }
    return null;
  }

  private static void note(Set<TransactionOutcome> told, @Nullable TransactionOutcome outcome) {
    if (outcome != null) {
      told.add(outcome);
    }
  }
}
