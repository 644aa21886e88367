package dev.partita.node.partition;

import dev.partita.node.replication.ReplicationRefusal;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/// What failed futures of a group or of a pipeline mean to whoever asked.
final class Refusals {

  private Refusals() {}

  /// Thrown into a future in the place of a response.
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Response.Refusal refusal;

    Refused(Response.Refusal refusal) {
      super(refusal.toString(), null, false, false);
      this.refusal = refusal;
    }
  }

  /// The result of a command that is refused.
  static Object result(PartitionCommand command, Response.Refusal refusal, PartitionState now) {
    return switch (command) {
      case PartitionCommand.Writes(var timed) ->
          timed.stream().<Response>map(_ -> refusal).toList();
      case PartitionCommand.FinishTransactions(var ends) ->
          ends.stream().<Response>map(_ -> refusal).toList();
      case PartitionCommand.FinishTransaction _,
          PartitionCommand.InspectTransaction _,
          PartitionCommand.VoteTransaction _,
          PartitionCommand.ForgetTransactions _ ->
          refusal;
      default -> now;
    };
  }

  /// The answer to a request that may have changed something.
  static Response.Refusal of(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof Refused refused) {
      return refused.refusal;
    }
    if (!(cause instanceof ReplicationRefusal refusal)) {
      return new Response.OutcomeUnknown("The replica has failed");
    }
    return switch (refusal) {
      case ReplicationRefusal.NotLeader notLeader -> new Response.NotLeader(notLeader.leader());
      case ReplicationRefusal.Overloaded _ ->
          new Response.Overloaded("Too much is waiting to be replicated");
      case ReplicationRefusal.OutcomeUnknown _ ->
          new Response.OutcomeUnknown("The leader changed before the outcome was known");
      case ReplicationRefusal.Stopped _ -> new Response.Unavailable("The replica has stopped");
      case ReplicationRefusal.ChangeRefused _, ReplicationRefusal.TransferFailed _ ->
          throw new IllegalStateException("not an answer to a proposal or read", refusal);
    };
  }

  /// The answer to a request that changed nothing, or nothing that could not be asked for again.
  static Response.Refusal ofHarmless(@Nullable Throwable failure) {
    Response.Refusal refusal = of(failure);
    return refusal instanceof Response.OutcomeUnknown(String reason)
        ? new Response.Unavailable(reason)
        : refusal;
  }
}
