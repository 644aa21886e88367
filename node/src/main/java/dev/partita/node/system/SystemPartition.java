package dev.partita.node.system;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCodec;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.CatalogListener;
import dev.partita.node.catalog.CatalogResult;
import dev.partita.node.catalog.CatalogStateMachine;
import dev.partita.node.config.HostPort;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.GroupStatus;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.replication.ReplicationRefusal;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.TimestampOracle;
import dev.partita.node.transport.Transport;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// This node's replica of the system partition, and the way to its leader.
public final class SystemPartition {
  private static final String PROPOSE = "system.propose";

  private final NodeId self;
  private final Clock clock;
  private final CatalogStateMachine machine;
  private final LeaderCalls leaderCalls;
  private final SystemOracle oracle;
  private final TimestampService timestamps;
  private final CatalogWatch watch = new CatalogWatch();
  private final List<Runnable> leaderListeners = new CopyOnWriteArrayList<>();

  private volatile @Nullable Membership membership;
  private volatile @Nullable ReplicationGroup group;

  /// Reads the catalog that the storage holds; the group is opened by [#open].
  public SystemPartition(NodeId self, Storage storage, Transport transport, Clock clock) {
    this.self = self;
    this.clock = clock;
    this.machine = new CatalogStateMachine(storage, (_, _, _) -> leaderChanged());
    this.leaderCalls = new LeaderCalls(transport, clock, this::leader, this::likelyLeaders);
    this.timestamps = new TimestampService(self, machine, () -> Optional.ofNullable(group), clock);
    this.oracle = new SystemOracle(leaderCalls, watch, clock);
    machine.addListener(watch);
    leaderCalls.register(PROPOSE, this::proposeHere);
    leaderCalls.register(SystemOracle.SERVICE, timestamps);
  }

  /// Opens this node's replica as a member of a cluster. Founders begin with the configuration that
  /// all founders have; others wait for the leader's snapshot.
  public void open(Membership joined, ReplicationHost host) {
    membership = joined;
    Configuration bootstrap = null;
    if (joined.founder()) {
      Set<NodeId> voters =
          joined.peers().stream().map(Membership.Peer::id).collect(Collectors.toSet());
      bootstrap = Configuration.of(voters, Set.of());
    }
    ReplicationGroup opened = host.open(GroupId.SYSTEM, machine, bootstrap);
    group = opened;
    opened.addStatusListener(_ -> leaderListeners.forEach(Runnable::run));
    if (joined.founder()) {
      opened.campaign();
    }
  }

  private void leaderChanged() {
    timestamps.leaderChanged();
    leaderListeners.forEach(Runnable::run);
  }

  /// Has a listener called when the leader or the members of the system partition have changed. It
  /// must be quick.
  public void addLeaderListener(Runnable listener) {
    leaderListeners.add(listener);
  }

  /// The cluster this node belongs to.
  public Optional<Membership> membership() {
    return Optional.ofNullable(membership);
  }

  /// The newest catalog that was applied on this node.
  public Catalog catalog() {
    return machine.catalog();
  }

  /// Calls the listener with the present catalog and each new one.
  public void addCatalogListener(CatalogListener listener) {
    machine.addListener(listener);
  }

  /// The timestamps of the database.
  public TimestampOracle oracle() {
    return oracle;
  }

  /// Calls to the leader, for services beside the catalog's own.
  public LeaderCalls leaderCalls() {
    return leaderCalls;
  }

  /// The replica; nothing before [#open].
  public Optional<ReplicationGroup> group() {
    return Optional.ofNullable(group);
  }

  /// Who leads, as far as this node knows.
  public Optional<NodeId> leader() {
    return group().map(ReplicationGroup::status).map(GroupStatus::leader);
  }

  /// Whether this node leads, as far as it knows.
  public boolean leads() {
    return leader().filter(self::equals).isPresent();
  }

  /// Voters first, then those that this node heard of when it joined.
  private List<NodeId> likelyLeaders() {
    Set<NodeId> nodes = new LinkedHashSet<>();
    group().ifPresent(opened -> nodes.addAll(opened.status().configuration().voters()));
    membership().ifPresent(m -> m.peers().forEach(peer -> nodes.add(peer.id())));
    nodes.addAll(catalog().nodes().keySet());
    return new ArrayList<>(nodes);
  }

  /// Where another node is reached, by the catalog or, before that, by what this node was told when
  /// it joined.
  public @Nullable HostPort addressOf(NodeId node) {
    var entry = catalog().nodes().get(node);
    if (entry != null) {
      return entry.peer();
    }
    Membership joined = membership;
    return joined == null
        ? null
        : joined.peers().stream()
            .filter(peer -> peer.id().equals(node))
            .map(Membership.Peer::address)
            .findFirst()
            .orElse(null);
  }

  /// Has a command applied, and waits until this node has applied it as well. Repeats it as long as
  /// nothing is known about its fate.
  ///
  /// @throws DatabaseException when the system partition cannot be reached before the deadline
  public CatalogResult propose(CatalogCommand command, Deadline deadline) {
    if (membership == null) {
      throw new DatabaseException(
          ErrorCode.NOT_BOOTSTRAPPED, "this node does not belong to a cluster yet");
    }
    CatalogResult result =
        CatalogCodec.decode(
            leaderCalls.call(PROPOSE, CatalogCodec.encode(command), deadline), CatalogResult.class);
    if (result instanceof CatalogResult.Applied(long revision)) {
      watch.await(catalog -> catalog.revision() >= revision, deadline, clock);
    }
    return result;
  }

  /// Waits until the catalog of this node satisfies a condition.
  ///
  /// @return whether it does; otherwise the deadline has passed
  public boolean await(Predicate<Catalog> condition, Deadline deadline) {
    return watch.await(condition, deadline, clock);
  }

  private CompletableFuture<byte[]> proposeHere(byte[] command) {
    ReplicationGroup opened = group;
    if (opened == null) {
      return CompletableFuture.failedFuture(new ReplicationRefusal.Stopped());
    }
    return opened.propose(command).thenApply(proposed -> CatalogCodec.encode(proposed.result()));
  }
}
