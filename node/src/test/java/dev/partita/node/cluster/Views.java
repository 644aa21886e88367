package dev.partita.node.cluster;

import static java.util.Objects.requireNonNull;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.CatalogMachines;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.PartitionEntry;
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
import org.jspecify.annotations.Nullable;

/// A cluster on paper: the plans look at it, and what they say is done to it at once.
final class Views {
  Catalog catalog = Catalog.EMPTY;
  final Set<NodeId> alive = new HashSet<>();
  final Map<PartitionId, LedPartition> leaders = new HashMap<>();
  final Map<NodeId, Set<PartitionId>> split = new HashMap<>();
  final Map<NodeId, Set<NodeReport.Frozen>> frozen = new HashMap<>();
  Configuration system = Configuration.EMPTY;
  NodeId self = new NodeId(1);

  /// Whether orders to freeze get lost.
  boolean freezesNothing;

  static NodeId node(int number) {
    return new NodeId(number);
  }

  Views apply(CatalogCommand command) {
    catalog = CatalogMachines.applied(catalog, command);
    return this;
  }

  /// Applies a command that may be refused.
  void tryTo(CatalogCommand command) {
    catalog = CatalogMachines.tried(catalog, command);
  }

  /// Everybody catches up who could not before.
  void catchUp() {
    leaders.replaceAll((id, led) -> {
      PartitionReport report = led.report();
      if (report.split() != null || report.freeze() != null) {
        return led;
      }
      List<NodeId> members = new ArrayList<>(report.voters());
      members.addAll(report.learners());
      return new LedPartition(
          led.leader(),
          new PartitionReport(
              id,
              report.term(),
              report.epoch(),
              report.voters(),
              report.learners(),
              false,
              members,
              0,
              0,
              0,
              0,
              report.load(),
              report.points(),
              List.of(),
              null,
              null,
              null));
    });
  }

  /// Every member of what was split has done that durably by now.
  void splitDurably() {
    leaders.forEach((partition, led) -> {
      if (led.report().split() != null) {
        alive.stream()
            .filter(led.report()::hasMember)
            .forEach(node ->
                split.merge(
                    node,
                    Set.of(partition),
                    (some, more) -> {
                      var all = new HashSet<>(some);
                      all.addAll(more);
                      return all;
                    }));
      }
    });
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
                0,
                LoadProfile.NONE,
                SplitPoints.UNKNOWN,
                List.of(),
                null,
                null,
                null)));
  }

  LedPartition led(PartitionId partition) {
    return requireNonNull(leaders.get(partition));
  }

  ClusterView view() {
    return new ClusterView(self, catalog, alive, leaders, split, frozen, system, system.members());
  }

  /// Does what an action says, as the leader of the Partition would: members change and everybody
  /// catches up.
  void act(Action action) {
    switch (action) {
      case Action.ChangeMembers(_, var partition, var leader, var change) ->
          change(partition, leader, change);
      case Action.TransferLeader(_, var partition, _, var to) -> {
        leaders.put(partition, new LedPartition(to, led(partition).report()));
      }
      case Action.Split split -> split(split);
      case Action.Freeze freeze -> freeze.sides().forEach(side -> freeze(freeze, side));
      case Action.Unfreeze unfreeze -> unfreeze(unfreeze);
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
                0,
                LoadProfile.NONE,
                SplitPoints.UNKNOWN,
                List.of(),
                members,
                null,
                null)));
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

  /// Freezes a Partition, as its leader would and every member that is alive.
  private void freeze(Action.Freeze order, Action.Freeze.Side side) {
    PartitionReport before = led(side.partition()).report();
    if (before.freeze() != null || before.epoch() != side.epoch() || freezesNothing) {
      return;
    }
    var freeze =
        new PartitionReport.FreezeReport(
            order.into().id(), before.epoch() + 1, before.voters(), before.learners(), 0);
    leaders.put(
        side.partition(),
        new LedPartition(side.leader(), with(before, before.epoch() + 1, freeze)));
    alive.stream()
        .filter(before::hasMember)
        .forEach(node ->
            frozen
                .computeIfAbsent(node, _ -> new HashSet<>())
                .add(new NodeReport.Frozen(side.partition(), order.into().id())));
  }

  private void unfreeze(Action.Unfreeze order) {
    PartitionReport before = led(order.partition()).report();
    leaders.put(
        order.partition(),
        new LedPartition(order.leader(), with(before, before.epoch() + 1, null)));
    frozen
        .values()
        .forEach(all -> all.removeIf(each -> each.partition().equals(order.partition())));
  }

  /// Lets time pass for what is frozen.
  void freezesLast(long millis) {
    leaders.replaceAll((_, led) -> {
      PartitionReport.FreezeReport freeze = led.report().freeze();
      return freeze == null
          ? led
          : new LedPartition(
              led.leader(),
              with(
                  led.report(),
                  led.report().epoch(),
                  new PartitionReport.FreezeReport(
                      freeze.into(), freeze.epoch(), freeze.voters(), freeze.learners(), millis)));
    });
  }

  private static PartitionReport with(
      PartitionReport report, long epoch, PartitionReport.@Nullable FreezeReport freeze) {
    return new PartitionReport(
        report.partition(),
        report.term(),
        epoch,
        report.voters(),
        report.learners(),
        false,
        report.caughtUp(),
        0,
        0,
        0,
        0,
        LoadProfile.NONE,
        SplitPoints.UNKNOWN,
        List.of(),
        report.split(),
        freeze,
        null);
  }

  /// Every member that is alive takes note of a merge, and the one has a leader.
  void merge(PartitionId into) {
    PartitionEntry entry = catalog.partition(into).orElseThrow();
    if (entry.state() != PartitionEntry.State.ACTIVE || catalog.merged(into).isEmpty()) {
      return;
    }
    for (PartitionEntry part : catalog.merged(into)) {
      leaders.remove(part.id());
      for (NodeId node : alive) {
        if (part.members().contains(node)) {
          split.merge(
              node,
              Set.of(part.id()),
              (some, more) -> {
                var all = new HashSet<>(some);
                all.addAll(more);
                return all;
              });
        }
      }
    }
    report(
        into, entry.voters().getFirst(), entry.epoch(), entry.voters(), List.of(), entry.voters());
  }

  private void change(PartitionId partition, NodeId leader, ConfigurationChange change) {
    PartitionReport before = led(partition).report();
    if (before.split() != null || before.freeze() != null) {
      return;
    }
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
