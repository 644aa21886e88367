package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.Transaction;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// One transaction of three phases on its way, for its coordinator or for whoever takes over. For
/// one thread; sends from others.
final class ThreePhases {

  /// How long the others are asked after the deadline, so that the client can be told.
  private static final Duration LAST_QUESTION = Duration.ofSeconds(2);

  /// Sends a message and waits for the answer; null if the participant was dropped.
  @FunctionalInterface
  interface Sender {
    @Nullable Response send(Message message, Deadline until);
  }

  private record Heard(Message to, @Nullable Response response) {}

  private final Transaction transaction;
  private final Sender sender;
  private final Executor threads;
  private final TimestampOracle oracle;
  private final Clock clock;
  private final Duration tell;
  private final Inbox<Heard> heard = new Inbox<>();
  private @Nullable CommitResult why;

  /// @param tell how long a participant is told something
  ThreePhases(
      Transaction transaction,
      Sender sender,
      Executor threads,
      TimestampOracle oracle,
      Clock clock,
      Duration tell) {
    this.transaction = transaction;
    this.sender = sender;
    this.threads = threads;
    this.oracle = oracle;
    this.clock = clock;
    this.tell = tell;
  }

  private void send(List<Message> messages, Deadline until) {
    for (Message message : messages) {
      threads.execute(() -> heard.add(new Heard(message, sender.send(message, until))));
    }
  }

  private @Nullable Heard poll(long nanos) {
    try {
      return heard.poll(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  /// A ballot larger than all before.
  private long ballot(Deadline deadline) {
    return OneShotTransactions.now(oracle, clock, deadline).value();
  }

  /// Commits as the coordinator.
  ///
  /// @throws DatabaseException `OUTCOME_UNKNOWN` if it may have been committed
  CommitResult commit(Deadline deadline) {
    ThreePhaseCommit.Step step = ThreePhaseCommit.begin(transaction.participants());
    ThreePhaseCommit protocol = step.next();
    send(step.messages(), deadline);
    Deadline last = new Deadline(deadline.monotonicNanos() + LAST_QUESTION.toNanos());
    boolean doubtful = false;
    while (protocol.outcome() == null) {
      Heard next = poll((doubtful ? last : deadline).remainingNanos(clock));
      if (next == null && doubtful) {
        throw unknown(null);
      }
      doubtful |= next == null;
      try {
        step = next == null ? protocol.takeOver(ballot(last)) : hear(protocol, next, last);
      } catch (DatabaseException e) {
        throw unknown(e);
      }
      protocol = step.next();
      send(step.messages(), Deadline.after(tell, clock));
    }
    TakeOver rest = protocol.deciding();
    if (rest != null) {
      threads.execute(() -> drive(rest, Deadline.after(tell, clock)));
    }
    if (protocol.outcome() instanceof TransactionOutcome.Committed(Timestamp at)) {
      return new CommitResult.Committed(at);
    }
    return why == null ? new CommitResult.Wounded() : why;
  }

  private DatabaseException unknown(@Nullable Throwable cause) {
    return new DatabaseException(
            ErrorCode.OUTCOME_UNKNOWN, "the transaction may or may not have happened", cause)
        .with("transaction", transaction.id());
  }

  private ThreePhaseCommit.Step hear(ThreePhaseCommit protocol, Heard answer, Deadline deadline) {
    PartitionId by = answer.to().to();
    return switch (answer.response()) {
      case Response.Prepared(Timestamp at) -> protocol.prepared(by, at);
      case Response.NotPrepared(var reason, var results) -> {
        why = why == null ? new CommitResult.Refused(by, reason, results) : why;
        yield protocol.refused(by);
      }
      case Response.Repeated(Timestamp at) -> {
        why = new CommitResult.Repeated(at);
        yield protocol.refused(by);
      }
      case Response.Finished(var outcome) -> protocol.finished(by, outcome);
      case Response.Refusal refusal when answer.to() instanceof Message.Prepare -> {
        why = why == null ? new CommitResult.Failed(by, refusal) : why;
        yield protocol.deciding() == null
            ? protocol.takeOver(ballot(deadline))
            : new ThreePhaseCommit.Step(protocol, List.of());
      }
      case null, default -> hearVote(protocol, answer, deadline);
    };
  }

  private ThreePhaseCommit.Step hearVote(
      ThreePhaseCommit protocol, Heard answer, Deadline deadline) {
    TakeOver deciding = protocol.deciding();
    if (deciding == null) {
      return new ThreePhaseCommit.Step(protocol, List.of());
    }
    ThreePhaseCommit.Step step = protocol.heard(hear(deciding, answer));
    TakeOver after = step.next().deciding();
    return after != null && after.beaten() ? step.next().takeOver(ballot(deadline)) : step;
  }

  private static TakeOver.Step hear(TakeOver protocol, Heard answer) {
    PartitionId by = answer.to().to();
    return switch (answer.response()) {
      case Response.Voted(boolean granted, var prepared, var before) -> {
        if (ballot(answer.to()) != protocol.ballot()) {
          yield new TakeOver.Step(protocol, List.of()); // about an earlier try
        }
        if (!granted) {
          yield protocol.rejected();
        }
        yield answer.to() instanceof Message.Promise
            ? protocol.promised(by, prepared, before)
            : protocol.accepted(by);
      }
      case Response.Finished(var outcome) -> protocol.finished(by, outcome);
      // Who was dropped needs to know nothing any more, and is part of no majority.
      case null ->
          protocol.outcome() == null
              ? new TakeOver.Step(protocol, List.of())
              : protocol.finished(by, protocol.outcome());
      default -> new TakeOver.Step(protocol, List.of());
    };
  }

  private static long ballot(Message message) {
    return switch (message) {
      case Message.Promise(var _, long ballot) -> ballot;
      case Message.Accept(var _, long ballot, var _) -> ballot;
      default -> -1;
    };
  }

  /// Ends the transaction in the place of its coordinator.
  void takeOver(Deadline deadline) {
    TakeOver.Step step = TakeOver.begin(transaction.participants(), ballot(deadline));
    send(step.messages(), deadline);
    drive(step.next(), deadline);
  }

  /// Tells all participants a known outcome.
  void complete(TransactionOutcome outcome, Deadline deadline) {
    TakeOver.Step step = TakeOver.known(transaction.participants(), outcome);
    send(step.messages(), deadline);
    drive(step.next(), deadline);
  }

  private void drive(TakeOver first, Deadline deadline) {
    TakeOver protocol = first;
    while (!protocol.isDone()) {
      Heard next = poll(deadline.remainingNanos(clock));
      if (next == null) {
        return; // whoever needs it tries again
      }
      TakeOver.Step step = hear(protocol, next);
      protocol = step.next();
      send(step.messages(), deadline);
    }
  }
}
