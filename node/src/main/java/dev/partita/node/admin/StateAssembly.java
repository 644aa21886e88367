package dev.partita.node.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.node.admin.PartitionView.ReplicaView;
import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.IndexEntry;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.catalog.RecoveryEntry;
import dev.partita.node.catalog.ResourceRequest;
import dev.partita.node.cluster.ClusterFigures;
import dev.partita.node.cluster.ClusterFigures.Led;
import dev.partita.node.cluster.PartitionReport;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.partition.BoundsJson;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.SplitPoints;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Puts the views of the administration API together from one catalog and the newest figures.
///
/// @param figures null where no leader could be asked
/// @param system the members of the system partition
record StateAssembly(Catalog catalog, @Nullable ClusterFigures figures, Configuration system) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /// How far an index is whose entries are complete and whose terms are not claimed yet.
  private static final int CLAIMING_PERCENT = 99;

  StateView state(@Nullable NodeId leader) {
    return new StateView(
        catalog.revision(),
        catalog.clusterId(),
        leader == null ? null : leader.toString(),
        catalog.nodes().values().stream().map(this::member).toList(),
        catalog.partitions().all().stream()
            .filter(PartitionEntry::isVisible)
            .map(this::partition)
            .toList(),
        catalog.indexes().values().stream().map(this::index).toList(),
        catalog.operations().values().stream().map(this::operation).toList(),
        catalog.requests().values().stream()
            .filter(request -> request.state() == ResourceRequest.State.PENDING)
            .map(StateAssembly::request)
            .toList(),
        catalog.recoveries().values().stream().map(StateAssembly::recovery).toList());
  }

  private static RecoveryView recovery(RecoveryEntry entry) {
    return new RecoveryView(
        entry.id(),
        Instant.ofEpochMilli(entry.atMillis()).toString(),
        entry.groups().stream()
            .filter(group -> group.group() != GroupId.SYSTEM.value())
            .map(group ->
                new RecoveryView.RecoveredPartition(
                    Long.toString(group.group()), group.name(), group.loss()))
            .toList(),
        entry.acknowledged());
  }

  private MemberView member(NodeEntry node) {
    Optional<ClusterFigures.NodeFigures> has =
        figures == null ? Optional.empty() : figures.node(node.id());
    long placed =
        catalog.partitions().all().stream()
            .filter(PartitionEntry::isRouted)
            .filter(entry -> entry.members().contains(node.id()))
            .count();
    long leads =
        figures == null
            ? 0
            : figures.partitions().stream().filter(led -> led.leader().equals(node.id())).count();
    return new MemberView(
        node.id().toString(),
        node.name(),
        node.place().site(),
        node.place().cloud(),
        node.place().region(),
        node.place().zone(),
        node.place().edge(),
        node.peer().toString(),
        node.http().toString(),
        switch (node.state()) {
          case ACTIVE -> MemberView.State.ACTIVE;
          case DRAINING -> MemberView.State.DRAINING;
          case GONE -> MemberView.State.GONE;
        },
        has.isPresent() && has.get().alive(),
        system.isVoter(node.id()) ? MemberView.SystemRole.VOTER : MemberView.SystemRole.LEARNER,
        (int) placed,
        (int) leads,
        has.map(ClusterFigures.NodeFigures::bytes).orElse(0L));
  }

  private Optional<Led> led(PartitionId partition) {
    return figures == null ? Optional.empty() : figures.partition(partition);
  }

  PartitionView partition(PartitionEntry entry) {
    Optional<Led> led = led(entry.id());
    Optional<PartitionReport> report = led.map(Led::report);
    return new PartitionView(
        entry.id().toString(),
        entry.name(),
        entry.collection(),
        BoundsJson.write(entry.bounds()),
        Math.max(entry.epoch(), report.map(PartitionReport::epoch).orElse(0L)),
        led.map(found -> found.leader().toString()).orElse(null),
        replicas(entry, report.orElse(null)),
        report.map(PartitionReport::rows).orElse(0L),
        report.map(PartitionReport::bytes).orElse(0L),
        report.map(PartitionReport::operationsPerSecond).orElse(0.0),
        report.map(PartitionReport::cpu).orElse(0.0),
        report
            .map(known -> known.load().hotKey())
            .map(hot -> PrimaryKeyText.toJson(hot.key()))
            .orElse(null),
        switch (entry.state()) {
          case CREATING, PENDING -> PartitionView.State.CREATING;
          case ACTIVE, MERGED, RETAINED -> PartitionView.State.ACTIVE;
          case SPLIT -> PartitionView.State.SPLIT;
        },
        entry.state() == PartitionEntry.State.SPLIT
            ? catalog.children(entry.id()).stream().map(PartitionEntry::name).toList()
            : List.of(),
        points(report.map(PartitionReport::points).orElse(SplitPoints.UNKNOWN)),
        entry.home().stream().map(NodeId::toString).toList());
  }

  private static PartitionView.SplitPointsView points(SplitPoints points) {
    return new PartitionView.SplitPointsView(
        points.measured(), json(points.bySize()), json(points.byLoad()), json(points.atEnd()));
  }

  private static @Nullable JsonNode json(@Nullable Datum datum) {
    return datum == null ? null : JsonData.toJson(datum);
  }

  /// The members as the catalog has them: what the operator plans with is one consistent revision.
  private static List<ReplicaView> replicas(
      PartitionEntry entry, @Nullable PartitionReport report) {
    List<ReplicaView> replicas = new ArrayList<>();
    entry.voters().forEach(n -> replicas.add(replica(n, PartitionView.Role.VOTER, report)));
    entry.learners().forEach(n -> replicas.add(replica(n, PartitionView.Role.LEARNER, report)));
    return replicas;
  }

  private static ReplicaView replica(
      NodeId node, PartitionView.Role role, @Nullable PartitionReport report) {
    return new ReplicaView(
        node.toString(), role, report != null && report.caughtUp().contains(node));
  }

  IndexView index(IndexEntry entry) {
    IndexDefinition definition = entry.definition();
    int progress = 0;
    long entries = 0;
    int partitions = 0;
    for (PartitionEntry partition : catalog.partitionsOf(definition)) {
      partitions++;
      var reported = led(partition.id()).map(Led::report).flatMap(r -> r.index(definition.id()));
      progress += reported.map(index -> index.ready() ? 100 : index.progress()).orElse(0);
      entries += reported.map(index -> index.entries()).orElse(0L);
    }
    return new IndexView(
        Long.toString(definition.id()),
        definition.name(),
        definition.collection(),
        definition.terms().stream()
            .map(term -> new IndexSpec.Term(term.field().toString()))
            .toList(),
        definition.values().stream()
            .map(value -> new IndexSpec.Value(value.field().toString(), value.descending()))
            .toList(),
        definition.unique(),
        switch (entry.state()) {
          case ANNOUNCED, GATHERING, BUILDING, CLAIMING -> IndexView.State.BUILDING;
          case READY -> IndexView.State.READY;
          case FAILED -> IndexView.State.FAILED;
        },
        progress(entry.state(), partitions == 0 ? 100 : progress / partitions),
        entries,
        entry.message());
  }

  /// Whose entries are all there may still have terms to claim.
  private static int progress(IndexEntry.State state, int ofEntries) {
    return switch (state) {
      case READY -> 100;
      case CLAIMING -> Math.min(ofEntries, CLAIMING_PERCENT);
      case ANNOUNCED, GATHERING, BUILDING, FAILED -> ofEntries;
    };
  }

  OperationView operation(OperationEntry entry) {
    return new OperationView(
        entry.id(),
        kind(entry.operation()),
        partitionOf(entry.operation())
            .flatMap(catalog::answering)
            .map(PartitionEntry::name)
            .orElse(null),
        entry.step(),
        switch (entry.state()) {
          case RUNNING -> OperationView.State.RUNNING;
          case DONE -> OperationView.State.DONE;
          case FAILED -> OperationView.State.FAILED;
        },
        entry.message());
  }

  private static OperationSpec.Kind kind(Operation operation) {
    return switch (operation) {
      case Operation.MoveReplica _ -> OperationSpec.Kind.MOVE_REPLICA;
      case Operation.SplitPartition _ -> OperationSpec.Kind.SPLIT_PARTITION;
      case Operation.MergePartitions _ -> OperationSpec.Kind.MERGE_PARTITIONS;
      case Operation.TransferLeader _ -> OperationSpec.Kind.TRANSFER_LEADER;
      case Operation.DrainNode _ -> OperationSpec.Kind.DRAIN_NODE;
      case Operation.CancelDrain _ -> OperationSpec.Kind.CANCEL_DRAIN;
      case Operation.RemoveNode _ -> OperationSpec.Kind.REMOVE_NODE;
    };
  }

  private static Optional<PartitionId> partitionOf(Operation operation) {
    return switch (operation) {
      case Operation.MoveReplica move -> Optional.of(move.partition());
      case Operation.SplitPartition split -> Optional.of(split.partition());
      case Operation.MergePartitions(var split) -> Optional.of(split);
      case Operation.TransferLeader transfer -> Optional.of(transfer.partition());
      case Operation.DrainNode _, Operation.CancelDrain _, Operation.RemoveNode _ ->
          Optional.empty();
    };
  }

  private static RequestView request(ResourceRequest request) {
    return new RequestView(
        request.id(),
        request.action() == ResourceRequest.Action.CREATE
            ? RequestView.Action.CREATE
            : RequestView.Action.DELETE,
        request.kind() == ResourceRequest.Kind.PARTITION
            ? RequestView.Kind.PARTITION
            : RequestView.Kind.INDEX,
        request.name(),
        json(request.spec()));
  }

  private static JsonNode json(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the spec of a request is no JSON: " + text, e);
    }
  }
}
