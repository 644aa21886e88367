package dev.partita.node.document;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Response;

/// What a client is told when a partition refuses.
final class Refusals {
  private Refusals() {}

  static DatabaseException exception(PartitionDescriptor partition, Response response) {
    if (!(response instanceof Response.Refusal refusal)) {
      throw new IllegalStateException("an answer of another kind than the request: " + response);
    }
    return exception(refusal).with("partition", partition.name());
  }

  private static DatabaseException exception(Response.Refusal refusal) {
    return switch (refusal) {
      case Response.OutcomeUnknown(String reason) ->
          new DatabaseException(ErrorCode.OUTCOME_UNKNOWN, "the write may or may not have happened")
              .with("reason", reason);
      case Response.Overloaded(String what) ->
          new DatabaseException(
                  ErrorCode.OVERLOADED, "the partition has too much to do at the moment")
              .with("what", what);
      case Response.Unavailable(String reason) ->
          new DatabaseException(ErrorCode.UNAVAILABLE, "the partition cannot serve at the moment")
              .with("reason", reason);
      case Response.NotLeader _, Response.NoReplica _, Response.WrongEpoch _ ->
          new DatabaseException(
              ErrorCode.UNAVAILABLE, "no leader of the partition was found in time");
      case Response.OutOfBounds(var key) ->
          new DatabaseException(ErrorCode.NO_PARTITION, "the key lies outside the partition")
              .with("key", key);
      case Response.TimestampTooOld(var oldest) ->
          new DatabaseException(ErrorCode.TIMESTAMP_TOO_OLD, "versions as old as that are not kept")
              .with("oldest", oldest);
      case Response.TimestampInFuture(var newest) ->
          new DatabaseException(ErrorCode.TIMESTAMP_IN_FUTURE, "that time has not come yet")
              .with("newest", newest);
      case Response.IndexNotReady(long _, var _) ->
          new DatabaseException(ErrorCode.INDEX_NOT_READY, "the index cannot be read yet");
      case Response.Invalid(String reason) ->
          new DatabaseException(ErrorCode.INVALID_REQUEST, "the request breaks a rule")
              .with("reason", reason);
    };
  }
}
