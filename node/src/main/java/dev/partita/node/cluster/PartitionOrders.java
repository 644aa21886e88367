package dev.partita.node.cluster;

import dev.partita.node.catalog.CatalogCodec;
import dev.partita.node.key.Datum;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.Epoch;
import dev.partita.node.partition.LocalPartitions;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.PartitionReplica;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.transport.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// What the driver tells the leader of a Partition to do. The answer says only that the order was
/// given; what became of it shows in the next report, and an order that was lost is given again.
final class PartitionOrders {
  private static final String CHANGE = "cluster.change-members";
  private static final String TRANSFER = "cluster.transfer-leader";
  private static final String SPLIT = "cluster.split";
  private static final String FREEZE = "cluster.freeze";
  private static final String UNFREEZE = "cluster.unfreeze";
  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final byte[] DONE = new byte[0];

  private final Transport transport;
  private final ReplicationHost host;
  private final LocalPartitions partitions;

  private record Change(PartitionId partition, List<NodeId> voters, List<NodeId> learners) {}

  private record Split(
      PartitionId partition, long epoch, @Nullable Datum at, List<ChildOfSplit> children) {}

  private record ChildOfSplit(PartitionId id, String name) {}

  private record Freeze(
      PartitionId partition,
      long epoch,
      PartitionId into,
      String name,
      Bounds bounds,
      PartitionId sibling) {}

  private record Unfreeze(PartitionId partition, PartitionId into) {}

  private record Transfer(PartitionId partition, NodeId to) {}

  PartitionOrders(Transport transport, ReplicationHost host, LocalPartitions partitions) {
    this.transport = transport;
    this.host = host;
    this.partitions = partitions;
    transport.register(SPLIT, (_, request) -> split(request));
    transport.register(FREEZE, (_, request) -> freeze(request));
    transport.register(UNFREEZE, (_, request) -> unfreeze(request));
    transport.register(CHANGE, (_, request) -> change(request));
    transport.register(TRANSFER, (_, request) -> transfer(request));
  }

  CompletableFuture<?> give(Action.ChangeMembers action) {
    Change change =
        new Change(
            action.partition(),
            new ArrayList<>(action.change().voters()),
            new ArrayList<>(action.change().learners()));
    return transport.call(action.leader(), CHANGE, CatalogCodec.encode(change), TIMEOUT);
  }

  CompletableFuture<?> give(Action.TransferLeader action) {
    Transfer transfer = new Transfer(action.partition(), action.to());
    return transport.call(action.leader(), TRANSFER, CatalogCodec.encode(transfer), TIMEOUT);
  }

  CompletableFuture<?> give(Action.Split action) {
    var split =
        new Split(
            action.partition(),
            action.epoch(),
            action.at(),
            action.children().stream()
                .map(child -> new ChildOfSplit(child.id(), child.name()))
                .toList());
    return transport.call(action.leader(), SPLIT, CatalogCodec.encode(split), TIMEOUT);
  }

  CompletableFuture<?> give(Action.Freeze action, Action.Freeze.Side side) {
    var freeze =
        new Freeze(
            side.partition(),
            side.epoch(),
            action.into().id(),
            action.name(),
            action.into().bounds(),
            side.sibling());
    return transport.call(side.leader(), FREEZE, CatalogCodec.encode(freeze), TIMEOUT);
  }

  CompletableFuture<?> give(Action.Unfreeze action) {
    var unfreeze = new Unfreeze(action.partition(), action.into());
    return transport.call(action.leader(), UNFREEZE, CatalogCodec.encode(unfreeze), TIMEOUT);
  }

  private CompletableFuture<byte[]> freeze(byte[] request) {
    Freeze freeze = CatalogCodec.decode(request, Freeze.class);
    PartitionReplica replica = partitions.replica(freeze.partition());
    if (replica != null) {
      replica.wantFreeze(
          new Epoch(freeze.epoch()),
          freeze.into(),
          freeze.name(),
          freeze.bounds(),
          freeze.sibling());
    }
    return CompletableFuture.completedFuture(DONE);
  }

  private CompletableFuture<byte[]> unfreeze(byte[] request) {
    Unfreeze unfreeze = CatalogCodec.decode(request, Unfreeze.class);
    PartitionReplica replica = partitions.replica(unfreeze.partition());
    if (replica != null) {
      replica.wantUnfreeze(unfreeze.into());
    }
    return CompletableFuture.completedFuture(DONE);
  }

  private CompletableFuture<byte[]> split(byte[] request) {
    Split split = CatalogCodec.decode(request, Split.class);
    PartitionReplica replica = partitions.replica(split.partition());
    if (replica != null) {
      var children = new LinkedHashMap<PartitionId, String>();
      split.children().forEach(child -> children.put(child.id(), child.name()));
      replica.wantSplit(new Epoch(split.epoch()), split.at(), children);
    }
    return CompletableFuture.completedFuture(DONE);
  }

  private CompletableFuture<byte[]> change(byte[] request) {
    Change change = CatalogCodec.decode(request, Change.class);
    ReplicationGroup group = host.group(change.partition().group());
    PartitionReplica replica = partitions.replica(change.partition());
    if (group != null && (replica == null || (!replica.isSplit() && !replica.isFreezing()))) {
      // Its fate shows in the next report.
      CompletableFuture<?> _ =
          group.changeConfiguration(
              new ConfigurationChange(
                  new TreeSet<>(change.voters()), new TreeSet<>(change.learners())));
    }
    return CompletableFuture.completedFuture(DONE);
  }

  private CompletableFuture<byte[]> transfer(byte[] request) {
    Transfer transfer = CatalogCodec.decode(request, Transfer.class);
    ReplicationGroup group = host.group(transfer.partition().group());
    if (group != null) {
      CompletableFuture<?> _ = group.transferLeadership(transfer.to());
    }
    return CompletableFuture.completedFuture(DONE);
  }
}
