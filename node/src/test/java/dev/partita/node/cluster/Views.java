package dev.partita.node.cluster;

import static java.util.Objects.requireNonNull;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.CatalogMachines;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.cluster.ReportBoard.LedPartition;
import dev.partita.node.config.HostPort;
import dev.partita.node.config.Place;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.LoadProfile;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.SplitPoints;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.NodeId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// A cluster on paper: the plans look at it, and what they say is done to it at once.
final class Views {
  Catalog catalog = Catalog.EMPTY;
  final Set<NodeId> alive = new HashSet<>();
  final Map<PartitionId, LedPartition> leaders = new HashMap<>();
  final Map<NodeId, Set<PartitionId>> split = new HashMap<>();
  Configuration system = Configuration.EMPTY;
  NodeId self = new NodeId(1);

  static NodeId node(int number) {
    return new NodeId(number);
  }

  Views apply(CatalogCommand command) {
    catalog = CatalogMachines.applied(catalog, command);
    return this;
  }

  Views register(int number, boolean edge) {
    alive.add(node(number));
    return apply(
        new CatalogCommand.RegisterNode(
            new NodeEntry(
                node(number),
                "n-" + number,
                new Place("site", "", "", "zone-" + number, edge),
                new HostPort("h", number),
                new HostPort("h", number),
                NodeEntry.State.ACTIVE)));
  }

  Views registerAll(int count) {
    for (int number = 1; number <= count; number++) {
      register(number, false);
    }
    return this;
  }

  /// A Partition on these nodes, led by the first.
  PartitionId partition(String name, Bounds bounds, int... nodes) {
    List<NodeId> members = new ArrayList<>();
    for (int node : nodes) {
      members.add(node(node));
    }
    apply(new CatalogCommand.CreatePartition(name, "things", bounds, members));
    PartitionId id = catalog.partition(name).orElseThrow().id();
    report(id, members.getFirst(), 1, members, List.of(), members);
    apply(new CatalogCommand.ObservePartition(id, 1, members, List.of()));
    apply(new CatalogCommand.ActivatePartition(id));
    return id;
  }

  void report(
      PartitionId id,
      NodeId leader,
      long epoch,
      List<NodeId> voters,
      List<NodeId> learners,
      List<NodeId> caughtUp) {
    leaders.put(
        id,
        new LedPartition(
            leader,
            new PartitionReport(
                id,
                1,
                epoch,
                voters,
                learners,
                false,
                caughtUp,
                0,
                0,
                0,
                LoadProfile.NONE,
                SplitPoints.UNKNOWN,
                List.of(),
                null)));
  }

  LedPartition led(PartitionId partition) {
    return requireNonNull(leaders.get(partition));
  }

  ClusterView view() {
    return new ClusterView(self, catalog, alive, leaders, split, system, system.members());
  }

  /// Does what an action says, as the leader of the Partition would: members change and everybody
  /// catches up.
  void act(Action action) {
    switch (action) {
      case Action.ChangeMembers(_, var partition, var leader, var change) ->
          change(partition, leader, change);
      case Action.TransferLeader(_, var partition, _, var to) -> {
        PartitionReport report = led(partition).report();
        report(
            partition, to, report.epoch(), report.voters(), report.learners(), report.caughtUp());
      }
      case Action.Split split -> split(split);
      case Action.Propose(_, var command) -> apply(command);
      case Action.Wait _, Action.Finish _ -> {}
    }
    CatalogPlan.next(view()).forEach(this::apply);
  }

  /// Splits a Partition, as its leader would and every member that is alive.
  private void split(Action.Split order) {
    PartitionReport before = led(order.partition()).report();
    if (before.split() != null || before.epoch() != order.epoch()) {
      return;
    }
    var members = new PartitionReport.SplitReport(before.voters(), before.learners());
    leaders.put(
        order.partition(),
        new LedPartition(
            order.leader(),
            new PartitionReport(
                order.partition(),
                before.term(),
                before.epoch() + 1,
                before.voters(),
                before.learners(),
                false,
                before.caughtUp(),
                0,
                0,
                0,
                LoadProfile.NONE,
                SplitPoints.UNKNOWN,
                List.of(),
                members)));
    alive.stream()
        .filter(before::hasMember)
        .forEach(node ->
            split.merge(
                node,
                Set.of(order.partition()),
                (some, more) -> {
                  var all = new java.util.HashSet<>(some);
                  all.addAll(more);
                  return all;
                }));
  }

  private void change(PartitionId partition, NodeId leader, ConfigurationChange change) {
    List<NodeId> members = new ArrayList<>(new TreeSet<>(change.voters()));
    members.addAll(change.learners());
    members.removeIf(member -> !alive.contains(member));
    report(
        partition,
        leader,
        led(partition).report().epoch() + 1,
        new ArrayList<>(change.voters()),
        new ArrayList<>(change.learners()),
        members);
  }
}
