package dev.partita.node.cluster;

import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The newest reports, in memory at the leader of the system partition. Safe for use by many
/// threads.
final class ReportBoard {
  /// A node is taken for dead when nothing was heard of it for so long: a few reports.
  static final Duration SILENCE_MAX = Duration.ofSeconds(3);

  private final NodeId self;
  private final Clock clock;
  private String id;
  private final Map<NodeId, Heard> nodes = new HashMap<>();
  private final Map<PartitionId, LedPartition> partitions = new TreeMap<>();

  /// The last report of a node.
  ///
  /// @param edition of what it leads
  private record Heard(
      long nanos,
      @Nullable String edition,
      NodeFigures figures,
      Set<PartitionId> split,
      Set<NodeReport.Frozen> frozen) {}

  /// What a node has.
  record NodeFigures(int replicas, long bytes) {}

  /// A Partition with the node that leads it.
  record LedPartition(NodeId leader, PartitionReport report) {}

  ReportBoard(NodeId self, Clock clock) {
    this.self = self;
    this.clock = clock;
    this.id = newId();
  }

  private String newId() {
    return self + "@" + clock.monotonicNanos();
  }

  /// Changes each time the board is cleared.
  synchronized String id() {
    return id;
  }

  /// Forgets everything: another leader begins.
  synchronized void clear() {
    if (!nodes.isEmpty()) {
      nodes.clear();
      partitions.clear();
      id = newId();
    }
  }

  /// Takes a report in. One that has come late, after a newer one, is believed until the next: that
  /// names an edition which this is not.
  ///
  /// @return whether it can be understood; otherwise the node has to report in full
  synchronized boolean accept(NodeReport report) {
    Heard last = nodes.get(report.node());
    boolean known =
        last != null
            && report.board().equals(id)
            && Objects.equals(report.edition(), last.edition());
    if (report.leading() == null && !known) {
      return false;
    }
    nodes.put(
        report.node(),
        new Heard(
            clock.monotonicNanos(),
            report.edition(),
            new NodeFigures(report.replicas(), report.bytes()),
            Set.copyOf(report.split()),
            Set.copyOf(report.frozen())));
    if (report.leading() != null) {
      partitions.values().removeIf(led -> led.leader().equals(report.node()));
      report.leading().forEach(partition -> accept(report.node(), partition));
    }
    return true;
  }

  private void accept(NodeId leader, PartitionReport report) {
    LedPartition known = partitions.get(report.partition());
    if (known == null || report.term() >= known.report().term()) {
      partitions.put(report.partition(), new LedPartition(leader, report));
    }
  }

  /// The nodes that were heard of lately.
  synchronized Set<NodeId> alive() {
    long now = clock.monotonicNanos();
    Set<NodeId> alive = new HashSet<>();
    nodes.forEach((node, heard) -> {
      if (now - heard.nanos() <= SILENCE_MAX.toNanos()) {
        alive.add(node);
      }
    });
    return alive;
  }

  synchronized Map<PartitionId, LedPartition> partitions() {
    return new TreeMap<>(partitions);
  }

  /// The Partitions that each node has split durably.
  synchronized Map<NodeId, Set<PartitionId>> split() {
    Map<NodeId, Set<PartitionId>> split = new HashMap<>();
    nodes.forEach((node, heard) -> split.put(node, heard.split()));
    return split;
  }

  /// The Partitions that each node has frozen.
  synchronized Map<NodeId, Set<NodeReport.Frozen>> frozen() {
    Map<NodeId, Set<NodeReport.Frozen>> frozen = new HashMap<>();
    nodes.forEach((node, heard) -> frozen.put(node, heard.frozen()));
    return frozen;
  }

  synchronized Map<NodeId, NodeFigures> figures() {
    Map<NodeId, NodeFigures> figures = new TreeMap<>();
    nodes.forEach((node, heard) -> figures.put(node, heard.figures()));
    return figures;
  }
}
