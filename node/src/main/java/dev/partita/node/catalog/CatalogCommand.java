package dev.partita.node.catalog;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.index.IndexValue;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A change of the catalog, as it stands in the log of the system partition. Each can be applied
/// twice without harm: the proposer may repeat one whose outcome it does not know.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "command")
@JsonSubTypes({
  @JsonSubTypes.Type(value = CatalogCommand.FoundCluster.class, name = "FoundCluster"),
  @JsonSubTypes.Type(value = CatalogCommand.RegisterNode.class, name = "RegisterNode"),
  @JsonSubTypes.Type(value = CatalogCommand.SetNodeState.class, name = "SetNodeState"),
  @JsonSubTypes.Type(value = CatalogCommand.CreatePartition.class, name = "CreatePartition"),
  @JsonSubTypes.Type(value = CatalogCommand.DropPartition.class, name = "DropPartition"),
  @JsonSubTypes.Type(value = CatalogCommand.ObservePartition.class, name = "ObservePartition"),
  @JsonSubTypes.Type(value = CatalogCommand.ActivatePartition.class, name = "ActivatePartition"),
  @JsonSubTypes.Type(value = CatalogCommand.PublishSplit.class, name = "PublishSplit"),
  @JsonSubTypes.Type(value = CatalogCommand.RetirePartition.class, name = "RetirePartition"),
  @JsonSubTypes.Type(value = CatalogCommand.MakeInterval.class, name = "MakeInterval"),
  @JsonSubTypes.Type(value = CatalogCommand.CommitMerge.class, name = "CommitMerge"),
  @JsonSubTypes.Type(value = CatalogCommand.GiveUpMerge.class, name = "GiveUpMerge"),
  @JsonSubTypes.Type(value = CatalogCommand.CreateIndex.class, name = "CreateIndex"),
  @JsonSubTypes.Type(value = CatalogCommand.DropIndex.class, name = "DropIndex"),
  @JsonSubTypes.Type(value = CatalogCommand.SetIndexState.class, name = "SetIndexState"),
  @JsonSubTypes.Type(value = CatalogCommand.PlaceClaims.class, name = "PlaceClaims"),
  @JsonSubTypes.Type(value = CatalogCommand.PutOperation.class, name = "PutOperation"),
  @JsonSubTypes.Type(value = CatalogCommand.AdvanceOperation.class, name = "AdvanceOperation"),
  @JsonSubTypes.Type(value = CatalogCommand.ForgetOperation.class, name = "ForgetOperation"),
  @JsonSubTypes.Type(value = CatalogCommand.PutRequest.class, name = "PutRequest"),
  @JsonSubTypes.Type(value = CatalogCommand.AnswerRequest.class, name = "AnswerRequest"),
  @JsonSubTypes.Type(value = CatalogCommand.ForgetRequest.class, name = "ForgetRequest"),
  @JsonSubTypes.Type(value = CatalogCommand.PutSettings.class, name = "PutSettings"),
  @JsonSubTypes.Type(value = CatalogCommand.PutUser.class, name = "PutUser"),
  @JsonSubTypes.Type(value = CatalogCommand.DropUser.class, name = "DropUser"),
  @JsonSubTypes.Type(value = CatalogCommand.PutToken.class, name = "PutToken"),
  @JsonSubTypes.Type(value = CatalogCommand.DropToken.class, name = "DropToken"),
  @JsonSubTypes.Type(value = CatalogCommand.RecordRecovery.class, name = "RecordRecovery"),
  @JsonSubTypes.Type(
      value = CatalogCommand.AcknowledgeRecovery.class,
      name = "AcknowledgeRecovery"),
  @JsonSubTypes.Type(value = CatalogCommand.ExtendWindow.class, name = "ExtendWindow")
})
public sealed interface CatalogCommand {

  /// Gives the cluster its identity; refused when it has another one.
  record FoundCluster(String clusterId) implements CatalogCommand {}

  /// Registers a node, or corrects its name, place and addresses. The state of one that is known
  /// stays.
  record RegisterNode(NodeEntry node) implements CatalogCommand {}

  /// Plans otherwise with a node. A node that is gone stays gone.
  record SetNodeState(NodeId node, NodeEntry.State state) implements CatalogCommand {}

  /// Makes a Partition, or adopts the retained rows of the same collection and bounds. Of a family
  /// that is there it tells where its next Partitions begin.
  record CreatePartition(String name, String collection, Bounds bounds, List<NodeId> replicas)
      implements CatalogCommand {
    public CreatePartition {
      replicas = List.copyOf(replicas);
    }
  }

  /// Drops a Partition; `retain` keeps its rows.
  record DropPartition(String name, boolean retain) implements CatalogCommand {}

  /// What the leader of a Partition says about it; an older epoch than known is ignored.
  record ObservePartition(
      PartitionId partition, long epoch, List<NodeId> voters, List<NodeId> learners)
      implements CatalogCommand {
    public ObservePartition {
      voters = List.copyOf(voters);
      learners = List.copyOf(learners);
    }
  }

  /// Lets a Partition serve: it has a leader, and all entries of the collection's indexes.
  record ActivatePartition(PartitionId partition) implements CatalogCommand {}

  /// A Partition was split by its leader: its children serve from now on.
  ///
  /// @param epoch of the children, and of the Partition that has no rows any more
  /// @param voters members of the children, at first
  record PublishSplit(PartitionId partition, long epoch, List<NodeId> voters, List<NodeId> learners)
      implements CatalogCommand {
    public PublishSplit {
      voters = List.copyOf(voters);
      learners = List.copyOf(learners);
    }
  }

  /// Makes the Partition of one interval of a family, unless it is there.
  record MakeInterval(PartitionId family, long number) implements CatalogCommand {}

  /// The parts of a Partition that was split are merged: the one serves in its place from now on.
  ///
  /// @param partition the one
  /// @param epoch its first one
  /// @param voters its members, at first
  record CommitMerge(PartitionId partition, long epoch, List<NodeId> voters, List<NodeId> learners)
      implements CatalogCommand {
    public CommitMerge {
      voters = List.copyOf(voters);
      learners = List.copyOf(learners);
    }
  }

  /// Nothing comes of a merge, unless it is committed already; its operation has failed.
  record GiveUpMerge(String operation, PartitionId partition, String message)
      implements CatalogCommand {}

  /// The group of a Partition that was split, or merged, is not needed any more.
  record RetirePartition(PartitionId partition) implements CatalogCommand {}

  /// Makes an Index.
  record CreateIndex(
      String name,
      String collection,
      List<IndexTerm> terms,
      List<IndexValue> values,
      boolean unique)
      implements CatalogCommand {
    public CreateIndex {
      terms = List.copyOf(terms);
      values = List.copyOf(values);
    }
  }

  /// Drops an Index.
  record DropIndex(String name) implements CatalogCommand {}

  /// Tells how far an Index is.
  record SetIndexState(long index, IndexEntry.State state, @Nullable String message)
      implements CatalogCommand {}

  /// Makes the Partitions in which the terms of a unique index are claimed, where the collection
  /// has its own.
  record PlaceClaims(long index) implements CatalogCommand {}

  /// Records an operation; one with the same id and the same wish is left as it is.
  record PutOperation(String id, Operation operation) implements CatalogCommand {}

  /// Records how far a running operation is.
  record AdvanceOperation(
      String id, String step, OperationEntry.State state, @Nullable String message)
      implements CatalogCommand {}

  /// Forgets a finished operation.
  record ForgetOperation(String id) implements CatalogCommand {}

  /// Records a client's wish; one with the same id that is pending is left as it is.
  record PutRequest(ResourceRequest request) implements CatalogCommand {}

  /// Records the operator's answer.
  record AnswerRequest(String id, boolean accepted, @Nullable String message)
      implements CatalogCommand {}

  /// Forgets a client's wish.
  record ForgetRequest(String id) implements CatalogCommand {}

  /// Changes what holds for the whole database.
  record PutSettings(DatabaseSettings settings) implements CatalogCommand {}

  /// Makes or changes a user. Another password revokes the user's tokens.
  ///
  /// @param first only if there is no user yet
  record PutUser(UserEntry user, boolean first) implements CatalogCommand {}

  /// Removes a user with its tokens; never the last administrator.
  record DropUser(String name) implements CatalogCommand {}

  /// Records a token that is handed out.
  record PutToken(TokenEntry token) implements CatalogCommand {}

  /// Revokes a token.
  record DropToken(String id) implements CatalogCommand {}

  /// Groups go on without nodes that were given up: these are gone, whatever is placed on them.
  ///
  /// @param handedOut no timestamp up to this one is handed out any more
  /// @param nextId no lower id is given to anything new
  /// @param revision the catalog's is above it from then on, so that nobody who knew a newer one
  ///   takes this one for older
  record RecordRecovery(RecoveryEntry recovery, Timestamp handedOut, long nextId, long revision)
      implements CatalogCommand {}

  /// A person has seen to what a recovery may have lost.
  record AcknowledgeRecovery(String id) implements CatalogCommand {}

  /// Reserves timestamps for the leader that proposes it. An earlier end than known is ignored.
  record ExtendWindow(TimestampWindow window) implements CatalogCommand {}
}
