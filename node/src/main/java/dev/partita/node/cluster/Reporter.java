package dev.partita.node.cluster;

import static java.util.Objects.requireNonNull;

import dev.partita.node.catalog.CatalogCodec;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.partition.FreezeReport;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.ReplicaReport;
import dev.partita.node.partition.SplitState;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.GroupStatus;
import dev.partita.node.system.LeaderCalls;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.WorkLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Tells the leader of the system partition what this node leads and has: at once when leaders,
/// members or indexes have changed, otherwise once a second; in full only when something differs
/// from the last time, so an idle node sends a few bytes.
final class Reporter implements AutoCloseable {
  static final String SERVICE = "cluster.report";
  static final Duration INTERVAL = Duration.ofSeconds(1);

  /// The answer to a report.
  ///
  /// @param understood whether the board knows what the report refers to
  /// @param removed whether the node was removed: it gets no log any more, so its own catalog may
  ///   never say so
  record Receipt(boolean understood, String board, boolean removed) {}

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final NodeId self;
  private final Supplier<List<ReplicaReport>> replicas;
  private final LeaderCalls leader;
  private final Clock clock;
  private final Runnable removed;
  private final WorkLoop loop;

  /// Owned by the loop.
  private @Nullable List<PartitionReport> lastReported;

  private String edition = "";
  private String board = "";

  Reporter(
      NodeId self,
      Supplier<List<ReplicaReport>> replicas,
      LeaderCalls leader,
      Clock clock,
      Runnable removed) {
    this.self = self;
    this.replicas = replicas;
    this.leader = leader;
    this.clock = clock;
    this.removed = removed;
    this.loop = WorkLoop.start("reporter", INTERVAL, this::report);
  }

  /// Has a report sent soon.
  void wake() {
    loop.wake();
  }

  private void report() {
    List<ReplicaReport> all = replicas.get();
    List<PartitionReport> leading =
        all.stream().filter(ReplicaReport::serving).map(Reporter::describe).toList();
    long bytes = all.stream().mapToLong(ReplicaReport::bytes).sum();
    List<PartitionId> split =
        all.stream().filter(ReplicaReport::splitDurably).map(ReplicaReport::id).toList();
    List<NodeReport.Frozen> frozen =
        all.stream()
            .filter(replica -> replica.freeze() != null)
            .map(replica ->
                new NodeReport.Frozen(replica.id(), requireNonNull(replica.freeze()).into()))
            .toList();
    boolean same = leading.equals(lastReported);
    if (!same) {
      edition = UUID.randomUUID().toString();
    }
    try {
      boolean understood =
          send(
              new NodeReport(
                  self, board, edition, same ? null : leading, all.size(), bytes, split, frozen));
      if (!understood) {
        send(new NodeReport(self, board, edition, leading, all.size(), bytes, split, frozen));
      }
      lastReported = leading;
    } catch (DatabaseException e) {
      // No leader now; the next report is a full one, whoever gets it.
      lastReported = null;
    }
  }

  private boolean send(NodeReport report) {
    byte[] answer =
        leader.call(SERVICE, CatalogCodec.encode(report), Deadline.after(PATIENCE, clock));
    Receipt receipt = CatalogCodec.decode(answer, Receipt.class);
    board = receipt.board();
    if (receipt.removed()) {
      removed.run();
    }
    return receipt.understood();
  }

  /// What a leading replica says about its Partition.
  static PartitionReport describe(ReplicaReport replica) {
    SplitState split = replica.split();
    GroupStatus group = replica.group();
    PartitionDescriptor descriptor = replica.descriptor();
    // The members that go with the epoch are those applied; the group's may be on their way yet.
    Configuration members = descriptor == null ? group.configuration() : descriptor.members();
    boolean changing = members.joint() || !members.equals(group.configuration());
    return new PartitionReport(
        replica.id(),
        group.term(),
        descriptor == null ? 0 : descriptor.epoch().value(),
        new ArrayList<>(members.voters()),
        new ArrayList<>(members.learners()),
        changing,
        new ArrayList<>(group.caughtUp()),
        replica.rows(),
        replica.bytes(),
        replica.operationsPerSecond(),
        replica.cpu(),
        replica.load(),
        replica.points(),
        replica.indexes(),
        split == null ? null : describe(split),
        replica.freeze() == null ? null : describe(replica.freeze()),
        replica.unsettled());
  }

  private static PartitionReport.FreezeReport describe(FreezeReport freeze) {
    return new PartitionReport.FreezeReport(
        freeze.into(),
        freeze.epoch().value(),
        new ArrayList<>(freeze.members().voters()),
        new ArrayList<>(freeze.members().learners()),
        freeze.lasting().toMillis());
  }

  private static PartitionReport.SplitReport describe(SplitState split) {
    Configuration members = split.children().getFirst().members();
    return new PartitionReport.SplitReport(
        new ArrayList<>(members.voters()), new ArrayList<>(members.learners()));
  }

  @Override
  public void close() {
    loop.close();
  }
}
