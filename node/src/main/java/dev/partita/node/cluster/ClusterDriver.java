package dev.partita.node.cluster;

import static java.util.Objects.requireNonNull;

import dev.partita.node.catalog.CatalogCodec;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.GroupStatus;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.WorkLoop;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/// Drives what takes several steps, on the node that leads the system partition: looks at the
/// cluster, does what the plans say, and looks again. Elsewhere it only waits. Two nodes that both
/// believe to lead do no harm: only one of them can change the catalog, and orders are checked by
/// those who carry them out.
final class ClusterDriver implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofMillis(250);
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final NodeId self;
  private final SystemPartition system;
  private final ReportBoard board;
  private final PartitionOrders orders;
  private final Clock clock;
  private final RequestExpiry expiry;
  private final WorkLoop loop;

  /// Owned by the loop: the term that it began to lead in; -1 while it does not.
  private long ledTerm = -1;

  ClusterDriver(
      NodeId self, SystemPartition system, ReportBoard board, PartitionOrders orders, Clock clock) {
    this.self = self;
    this.system = system;
    this.board = board;
    this.orders = orders;
    this.clock = clock;
    this.expiry = new RequestExpiry(clock);
    system.leaderCalls().register(Reporter.SERVICE, this::accept);
    system.leaderCalls().register(ClusterFigures.SERVICE, _ -> figures());
    this.loop = WorkLoop.start("cluster-driver", INTERVAL, this::drive);
  }

  void wake() {
    loop.wake();
  }

  private CompletableFuture<byte[]> accept(byte[] encoded) {
    NodeReport report = CatalogCodec.decode(encoded, NodeReport.class);
    boolean understood = board.accept(report);
    if (report.leading() != null || !report.frozen().isEmpty() || !report.split().isEmpty()) {
      loop.wake();
    }
    return CompletableFuture.completedFuture(
        CatalogCodec.encode(new Reporter.Receipt(understood, board.id(), isGone(report.node()))));
  }

  private boolean isGone(NodeId node) {
    NodeEntry entry = system.catalog().nodes().get(node);
    return entry != null && entry.state() == NodeEntry.State.GONE;
  }

  private CompletableFuture<byte[]> figures() {
    return CompletableFuture.completedFuture(CatalogCodec.encode(ClusterFigures.of(board, self)));
  }

  private void drive() {
    Optional<ReplicationGroup> group = system.group();
    if (group.isEmpty() || !group.get().status().leads()) {
      ledTerm = -1;
      board.clear();
      return;
    }
    GroupStatus status = group.get().status();
    if (status.term() != ledTerm) {
      ledTerm = status.term();
      found();
    }
    ClusterView view = view(status);
    CatalogPlan.next(view).forEach(this::propose);
    LeaderPlan.next(view).forEach(this::act);
    MergePlan.unfreeze(view).forEach(this::act);
    VoterPlan.next(view).ifPresent(step -> vote(group.get(), step));
    ClaimsPlan.next(view).forEach(this::propose);
    expiry.due(view.catalog()).forEach(id -> propose(new CatalogCommand.ForgetRequest(id)));
    OperationPlan.next(view)
        .forEach(
            (id, action) -> advance(requireNonNull(view.catalog().operations().get(id)), action));
  }

  /// The first thing a leader says is to which cluster it belongs: the founders' first leader gives
  /// the catalog its id.
  private void found() {
    system
        .membership()
        .filter(membership -> !membership.clusterId().equals(system.catalog().clusterId()))
        .ifPresent(membership -> propose(new CatalogCommand.FoundCluster(membership.clusterId())));
  }

  private ClusterView view(GroupStatus status) {
    Configuration members = status.configuration();
    Set<NodeId> caughtUp = status.caughtUp();
    return new ClusterView(
        self,
        system.catalog(),
        board.alive(),
        board.partitions(),
        board.split(),
        board.frozen(),
        members,
        caughtUp);
  }

  private void vote(ReplicationGroup group, VoterPlan.Step step) {
    // What becomes of it shows at the next look.
    CompletableFuture<?> _ =
        switch (step) {
          case VoterPlan.Step.Change(var change) -> group.changeConfiguration(change);
          case VoterPlan.Step.HandOver(var to) -> group.transferLeadership(to);
        };
  }

  private void advance(OperationEntry entry, Action action) {
    OperationEntry.State state =
        action instanceof Action.Finish finish ? finish.state() : OperationEntry.State.RUNNING;
    String message =
        switch (action) {
          case Action.Wait wait -> wait.message();
          case Action.Finish finish -> finish.message();
          default -> null;
        };
    OperationEntry next =
        new OperationEntry(entry.id(), entry.operation(), action.step(), state, message);
    if (!next.equals(entry)) {
      propose(new CatalogCommand.AdvanceOperation(entry.id(), action.step(), state, message));
    }
    act(action);
  }

  private void act(Action action) {
    switch (action) {
      case Action.ChangeMembers change -> {
        CompletableFuture<?> _ = orders.give(change);
      }
      case Action.TransferLeader transfer -> {
        CompletableFuture<?> _ = orders.give(transfer);
      }
      case Action.Split split -> {
        CompletableFuture<?> _ = orders.give(split);
      }
      case Action.Freeze freeze -> {
        for (Action.Freeze.Side side : freeze.sides()) {
          CompletableFuture<?> _ = orders.give(freeze, side);
        }
      }
      case Action.Unfreeze unfreeze -> {
        CompletableFuture<?> _ = orders.give(unfreeze);
      }
      case Action.Propose(_, var command) -> propose(command);
      case Action.Wait _, Action.Finish _ -> {}
    }
  }

  private void propose(CatalogCommand command) {
    // A refusal means that somebody else was faster; the next look shows it.
    var _ = system.propose(command, Deadline.after(PATIENCE, clock));
  }

  @Override
  public void close() {
    loop.close();
  }
}
