package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.Epoch;
import dev.partita.node.partition.PartitionCaller;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionDirectory;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.Transaction;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.partition.TransactionResolver;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/// Commits transactions, and ends those whose coordinator does not. Safe for any thread; calls
/// block.
public final class Transactions implements TransactionResolver, AutoCloseable {

  /// How long participants are told an outcome; whoever does not hear it asks.
  private static final Duration TELL = Duration.ofSeconds(10);

  /// How long one attempt to end a transaction of somebody else may take.
  private static final Duration RESOLVE = Duration.ofSeconds(10);

  /// How long the record is asked to abort after the deadline, so that the client can be told.
  private static final Duration LAST_QUESTION = Duration.ofSeconds(2);

  private final PartitionDirectory directory;
  private final PartitionCaller caller;
  private final TimestampOracle oracle;
  private final Clock clock;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  public Transactions(
      PartitionDirectory directory, PartitionCaller caller, TimestampOracle oracle, Clock clock) {
    this.directory = directory;
    this.caller = caller;
    this.oracle = oracle;
    this.clock = clock;
  }

  /// Commits what a transaction has read and written.
  ///
  /// @param parts with different partitions, at least one with mutations
  /// @param started as [Transaction#started]
  /// @param priority as [Transaction#priority]
  /// @throws DatabaseException `OUTCOME_UNKNOWN` if it may have been committed
  CommitResult commit(
      TransactionId id,
      Timestamp started,
      Timestamp priority,
      CommitProtocolKind protocol,
      List<Part> parts,
      Deadline deadline) {
    // The record is where something is written, so that it is not there for nothing.
    List<Part> ordered = new ArrayList<>(parts);
    ordered.sort(Comparator.comparing(part -> part.mutations().isEmpty()));
    var transaction =
        new Transaction(
            id,
            started,
            priority,
            ordered.stream().map(part -> part.partition().id()).toList(),
            protocol);
    for (Part part : ordered) {
      if (isSplit(part.partition())) {
        // It can commit no more. What it may have done when this was asked before shows there.
        return commitAlone(transaction, part, deadline);
      }
    }
    if (transaction.isOnePhase()) {
      return commitAlone(transaction, ordered.getFirst(), deadline);
    }
    return transaction.isThreePhase()
        ? threePhases(transaction, ordered, TELL).commit(deadline)
        : new Coordination(transaction, ordered, deadline).run();
  }

  /// Whether others have the rows of a participant by now. Nobody may take part for itself and for
  /// one that it answers for as well: who asks it about the one could not tell the other.
  private boolean isSplit(PartitionDescriptor partition) {
    PartitionDescriptor answering = directory.partition(partition.id());
    return answering != null && !answering.id().equals(partition.id());
  }

  private ThreePhases threePhases(Transaction transaction, List<Part> parts, Duration tell) {
    return new ThreePhases(
        transaction,
        (message, until) ->
            message instanceof Message.Prepare
                ? prepare(transaction, partOf(parts, message), until)
                : call(transaction, message, until),
        this::execute,
        oracle,
        clock,
        tell);
  }

  private static Part partOf(List<Part> parts, Message message) {
    for (Part part : parts) {
      if (part.partition().id().equals(message.to())) {
        return part;
      }
    }
    throw new IllegalStateException("no participant: " + message);
  }

  private CommitResult commitAlone(Transaction transaction, Part part, Deadline deadline) {
    Response response = prepare(transaction, part, deadline);
    return switch (response) {
      case Response.Finished(TransactionOutcome.Committed(Timestamp at)) ->
          new CommitResult.Committed(at);
      case Response.Finished(TransactionOutcome.Aborted()) -> new CommitResult.Wounded();
      case Response.Repeated(Timestamp at) -> new CommitResult.Repeated(at);
      case Response.NotPrepared(var reason, var results) ->
          new CommitResult.Refused(part.partition().id(), reason, results);
      case Response.OutcomeUnknown unknown -> throw unknown.toException();
      case Response.Refusal refusal -> new CommitResult.Failed(part.partition().id(), refusal);
      default -> throw new IllegalStateException("no answer to prepare: " + response);
    };
  }

  /// Asks until there is an answer: to ask again is safe, and tells what became of the first time.
  private Response prepare(Transaction transaction, Part part, Deadline deadline) {
    PartitionDescriptor partition = part.partition();
    Response.@Nullable OutcomeUnknown unknown = null;
    while (true) {
      Response response =
          caller.call(
              partition,
              new Request.Prepare(
                  partition.id(),
                  partition.epoch(),
                  transaction,
                  part.reads(),
                  part.mutations(),
                  part.claims(),
                  part.extents()),
              deadline);
      if (response instanceof Response.OutcomeUnknown(String reason)) {
        unknown = new Response.OutcomeUnknown(reason);
        if (!deadline.isExpired(clock)) {
          continue;
        }
      }
      boolean unclear =
          response instanceof Response.Refusal
              || (response instanceof Response.NotPrepared(var reason, var _)
                  && reason == Response.NotPrepared.Reason.FORGOTTEN);
      return unclear && unknown != null ? unknown : response;
    }
  }

  /// What a participant has answered; null as a response if it was dropped.
  private record Heard(Message to, @Nullable Response response) {}

  /// One transaction on its way, on the thread of whoever wants it.
  private final class Coordination {
    private final Transaction transaction;
    private final List<Part> parts;
    private final Deadline deadline;
    private final Inbox<Heard> heard = new Inbox<>();
    private CommitProtocol protocol;
    private @Nullable CommitResult why;

    Coordination(Transaction transaction, List<Part> parts, Deadline deadline) {
      this.transaction = transaction;
      this.parts = parts;
      this.deadline = deadline;
      CommitProtocol.Step step = CommitProtocol.begin(transaction.participants());
      this.protocol = step.next();
      step.messages().forEach(message -> send(message, deadline));
    }

    CommitResult run() {
      TransactionOutcome decided = protocol.outcome();
      while (decided == null) {
        Heard next = poll();
        CommitProtocol.Step step = next == null ? protocol.givenUp() : hear(next);
        if (next == null && protocol.doubtful()) {
          throw new DatabaseException(
                  ErrorCode.OUTCOME_UNKNOWN, "the transaction may or may not have happened")
              .with("transaction", transaction.id());
        }
        protocol = step.next();
        decided = protocol.outcome();
        Deadline patience = Deadline.after(TELL, clock);
        if (decided == null) {
          step.messages().forEach(message -> send(message, patience));
        } else {
          tell(new Telling(protocol), step.messages(), patience);
        }
      }
      if (decided instanceof TransactionOutcome.Committed(Timestamp at)) {
        return new CommitResult.Committed(at);
      }
      return why == null ? new CommitResult.Wounded() : why;
    }

    /// The client has its answer; the locks go a moment later. If somebody does not hear of it, the
    /// record's leader sees to it.
    private void tell(Telling telling, List<Message> messages, Deadline patience) {
      for (Message message : messages) {
        execute(() -> {
          if (answer(message, patience) instanceof Response.Finished(var outcome)) {
            telling.heard(message.to(), outcome).forEach(last -> answer(last, patience));
          }
        });
      }
    }

    private @Nullable Heard poll() {
      long nanos =
          protocol.doubtful()
              ? deadline.remainingNanos(clock) + LAST_QUESTION.toNanos()
              : deadline.remainingNanos(clock);
      try {
        return heard.poll(nanos);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return null;
      }
    }

    private CommitProtocol.Step hear(Heard answer) {
      PartitionId by = answer.to().to();
      return switch (answer.response()) {
        case Response.Prepared(Timestamp at) -> protocol.prepared(by, at);
        case Response.Finished(var outcome) -> protocol.finished(by, outcome);
        case Response.NotPrepared(var reason, var results) -> {
          why = why == null ? new CommitResult.Refused(by, reason, results) : why;
          yield protocol.refused(by);
        }
        case Response.Repeated(Timestamp at) -> {
          why = new CommitResult.Repeated(at);
          yield protocol.refused(by);
        }
        case Response.Refusal refusal when answer.to() instanceof Message.Prepare -> {
          why = why == null ? new CommitResult.Failed(by, refusal) : why;
          yield protocol.givenUp();
        }
        case null, default -> new CommitProtocol.Step(protocol, List.of());
      };
    }

    private void send(Message message, Deadline until) {
      execute(() -> heard.add(new Heard(message, answer(message, until))));
    }

    private @Nullable Response answer(Message message, Deadline until) {
      if (message instanceof Message.Prepare) {
        return prepare(transaction, partOf(parts, message), until);
      }
      return call(transaction, message, until);
    }
  }

  /// A transaction whose outcome is known while its participants learn of it. Safe for any thread.
  private static final class Telling {
    private CommitProtocol protocol;

    Telling(CommitProtocol decided) {
      this.protocol = decided;
    }

    /// A participant knows it; gives what is to be sent then.
    synchronized List<Message> heard(PartitionId by, TransactionOutcome outcome) {
      CommitProtocol.Step step = protocol.finished(by, outcome);
      protocol = step.next();
      return step.messages();
    }
  }

  private @Nullable Response call(Transaction transaction, Message message, Deadline until) {
    PartitionDescriptor partition = directory.partition(message.to());
    if (partition == null) {
      return directory.mayExist(message.to())
          ? new Response.Unavailable("the partition is not known yet")
          : null;
    }
    PartitionId to = partition.id();
    Epoch epoch = partition.epoch();
    Request request =
        switch (message) {
          case Message.Finish(var _, var outcome) ->
              new Request.Finish(to, epoch, transaction.id(), transaction.started(), outcome);
          case Message.Inspect _ ->
              new Request.Inspect(to, epoch, transaction.id(), transaction.started());
          case Message.Promise(var _, long ballot) ->
              new Request.Vote(to, epoch, transaction.id(), transaction.started(), ballot, null);
          case Message.Accept(var _, long ballot, var outcome) ->
              new Request.Vote(to, epoch, transaction.id(), transaction.started(), ballot, outcome);
          case Message.Forget _ -> new Request.Forget(to, epoch, transaction.id());
          case Message.Prepare _ ->
              throw new IllegalArgumentException("only the coordinator has prepared");
        };
    Response response = caller.call(partition, request, until);
    return response instanceof Response.Refusal && directory.partition(to) == null
        ? null
        : response;
  }

  @Override
  public void resolve(Transaction transaction) {
    if (transaction.isThreePhase()) {
      threePhases(transaction, List.of(), RESOLVE).takeOver(Deadline.after(RESOLVE, clock));
      return;
    }
    recover(transaction, RecoveryProtocol.begin(transaction.participants()));
  }

  @Override
  public void complete(Transaction transaction, TransactionOutcome outcome) {
    if (transaction.isThreePhase()) {
      threePhases(transaction, List.of(), RESOLVE)
          .complete(outcome, Deadline.after(RESOLVE, clock));
      return;
    }
    recover(transaction, RecoveryProtocol.begin(transaction.participants(), outcome));
  }

  private void recover(Transaction transaction, RecoveryProtocol.Step first) {
    Deadline deadline = Deadline.after(RESOLVE, clock);
    Inbox<Heard> heard = new Inbox<>();
    RecoveryProtocol.Step step = first;
    int underWay = 0;
    try {
      while (true) {
        for (Message message : step.messages()) {
          execute(() -> heard.add(new Heard(message, call(transaction, message, deadline))));
          underWay++;
        }
        if (underWay == 0) {
          return;
        }
        Heard next = heard.poll(deadline.remainingNanos(clock));
        if (next == null) {
          return;
        }
        underWay--;
        step = hear(step.next(), next);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static RecoveryProtocol.Step hear(RecoveryProtocol protocol, Heard answer) {
    PartitionId by = answer.to().to();
    return switch (answer.response()) {
      case Response.Prepared(Timestamp at) -> protocol.prepared(by, at);
      case Response.Finished(var outcome) -> protocol.finished(by, outcome);
      case null -> protocol.dropped(by);
      default -> new RecoveryProtocol.Step(protocol, List.of());
    };
  }

  private void execute(Runnable task) {
    try {
      threads.execute(() -> {
        try {
          task.run();
        } catch (DatabaseException e) {
          // Interrupted, because the node is closing: as if the answer had not come.
        }
      });
    } catch (RejectedExecutionException e) {
      // The node is closing: whatever is not ended here is an orphan now.
    }
  }

  /// Ends the threads; transactions under way become orphans, which other nodes end.
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
