package dev.partita.node;

import dev.partita.node.admin.AccountAdmin;
import dev.partita.node.admin.AdminService;
import dev.partita.node.admin.FirstAdministrator;
import dev.partita.node.admin.NodeAdmin;
import dev.partita.node.admin.SettingsAdmin;
import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.Extents;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.RecoveryEntry;
import dev.partita.node.cluster.Cluster;
import dev.partita.node.cluster.ClusterMembership;
import dev.partita.node.config.HostPort;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.document.Sessions;
import dev.partita.node.partition.ClosingTimestamps;
import dev.partita.node.partition.GroupHost;
import dev.partita.node.partition.LocalPartitions;
import dev.partita.node.partition.OperationListener;
import dev.partita.node.partition.OperationListener.Operation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionReplica;
import dev.partita.node.partition.RemotePartitions;
import dev.partita.node.partition.ReplicaReport;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.recovery.Recovery;
import dev.partita.node.replication.GroupStatus;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.routing.Router;
import dev.partita.node.storage.Storage;
import dev.partita.node.storage.rocksdb.RocksDbSettings;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.system.Fence;
import dev.partita.node.system.Membership;
import dev.partita.node.system.NodeFiles;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.TimestampOracle;
import dev.partita.node.transaction.ClaimBuilder;
import dev.partita.node.transaction.JointBuilder;
import dev.partita.node.transaction.Transactions;
import dev.partita.node.transport.Exclusion;
import dev.partita.node.transport.NameLookup;
import dev.partita.node.transport.NettyTransport;
import dev.partita.node.transport.PeerAddress;
import dev.partita.node.transport.Transport;
import dev.partita.node.transport.TransportFigures;
import dev.partita.tls.CredentialDirectory;
import dev.partita.tls.Identity;
import dev.partita.tls.Role;
import dev.partita.tls.TlsSockets;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A node of a cluster, without its protocol edges: storage, transport, consensus, the catalog, the
/// replicas of Partitions that are placed here, and the ways to reach everything else. Wired in one
/// place, here.
///
/// What it owns is closed in the opposite order of its making.
public final class Node implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(Node.class.getName());
  private static final Duration HAND_OVER_PATIENCE = Duration.ofSeconds(3);

  /// How often the oldest readable timestamp is raised, at most; a shorter retention has it raised
  /// more often.
  private static final Duration SAFE_POINT_INTERVAL = Duration.ofMinutes(1);

  private static final String GIVEN_UP =
      "the other nodes go on without this one, which was given up as lost; wipe its volume to let it join anew";

  private final NodeSettings settings;
  private final Clock clock;
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final NodeFailure failure = new NodeFailure();
  private final OperationCounts operations = new OperationCounts();
  private final NodeFiles files;
  private final @Nullable CredentialDirectory credentials;
  private final Storage storage;
  private final NettyTransport netty;
  private final Fence fence;
  private final ReplicationHost host;
  private final SystemPartition system;
  private final LocalPartitions partitions;
  private final Router router;
  private final Transactions transactions;
  private final Sessions sessions;
  private final Cluster cluster;
  private final Recovery recovery;
  private final NodeAdmin admin;
  private final AccountAdmin accounts;
  private final HostPort peerAddress;

  private volatile @Nullable SystemPartition directory;
  private boolean closed;

  /// Starts a node on its directory. It serves as soon as it is [#ready()]: at once if it has the
  /// catalog of a cluster already, else after it was bootstrapped or has joined.
  ///
  /// @throws IOException if its directory or its port cannot be used, or its log is damaged
  public static Node start(NodeSettings settings) throws IOException {
    return start(settings, NodeEnvironment.real());
  }

  /// Starts a node in surroundings of the caller's choice.
  ///
  /// @throws IOException as [#start(NodeSettings)]
  public static Node start(NodeSettings settings, NodeEnvironment environment) throws IOException {
    return new Node(settings, environment);
  }

  private Node(NodeSettings settings, NodeEnvironment environment) throws IOException {
    this.settings = settings;
    this.clock = environment.clock();
    Path data = settings.data();
    try {
      this.files = new NodeFiles(data, new SecureRandom());
      this.fence = new Fence(files);
      NodeId self = files.nodeId();
      this.credentials = credentials(settings.tls());
      this.storage =
          opened(
              RocksDbStorage.open(
                  RocksDbSettings.of(data.resolve("store"))
                      .withBlockCacheBytes(settings.storage().cacheBytes())
                      .withMemtableBytes(settings.storage().memtableBytes())
                      .withBackgroundRate(settings.storage().backgroundRate())));
      this.netty = opened(listen(environment, self));
      this.peerAddress = advertised(settings.peer(), netty.port());
      Transport transport = environment.network().apply(netty);
      this.host =
          opened(
              new ReplicationHost(
                  environment.replication().withLogBytes(settings.storage().logBytes()),
                  data.resolve("raft"),
                  self,
                  transport,
                  clock::monotonicNanos,
                  failure));
      this.system = new SystemPartition(self, storage, transport, clock);
      this.directory = system;
      this.partitions = opened(localPartitions(environment, transport));
      this.router =
          new Router(
              self,
              system,
              node -> node.equals(self) ? partitions : new RemotePartitions(transport, node, clock),
              host::alive,
              clock);
      system.addCatalogListener(router::forget);
      this.transactions = opened(new Transactions(router, router, system.oracle(), clock));
      partitions.endWith(transactions);
      opened(ClaimBuilder.start(system, router, transactions, clock));
      opened(JointBuilder.start(system, router, transactions, clock));
      opened(
          ClosingTimestamps.start(
              partitions, transport, system.oracle(), environment.partitions()));
      this.sessions =
          opened(
              Sessions.of(
                  router,
                  transactions,
                  system.oracle(),
                  self,
                  transport,
                  node -> system.catalog().hasMember(node),
                  clock));
      ClusterMembership membership =
          opened(
              new ClusterMembership(
                  settings,
                  files,
                  system,
                  host,
                  transport,
                  peerAddress,
                  clock,
                  fence,
                  () -> failure.fail("the node was removed from its cluster")));
      this.cluster =
          opened(
              new Cluster(self, system, host, partitions, transport, clock, membership::removed));
      opened(new Flushing(storage));
      this.recovery = new Recovery(self, system, partitions, host, transport, fence, clock);
      system.addCatalogListener(this::followRecoveries);
      this.admin =
          new NodeAdmin(
              settings, self, peerAddress, system, membership, cluster, clock, this::ready);
      this.accounts = new AccountAdmin(admin, () -> system.catalog().accounts());
      if (settings.users().administrator() != null) {
        opened(
            FirstAdministrator.start(
                settings.users().administrator(), accounts, this::ready, clock));
      }
      if (fence.isGivenUp()) {
        giveUp();
      }
      membership.start();
    } catch (IOException | RuntimeException | Error e) {
      closeParts();
      throw e;
    }
  }

  private @Nullable CredentialDirectory credentials(NodeSettings.@Nullable Tls tls)
      throws IOException {
    if (tls == null) {
      return null;
    }
    CredentialDirectory directory = opened(CredentialDirectory.open(tls.directory(), tls.reload()));
    Identity wanted = new Identity(tls.realm(), Role.NODE);
    Optional<Identity> found = Identity.of(directory.get().chain().getFirst());
    if (!found.equals(Optional.of(wanted))) {
      throw new IOException(
          "the certificate in %s has the identity %s: a node of this database needs one with the alternative name URI:%s"
              .formatted(
                  tls.directory(), found.map(Identity::toString).orElse("of nobody"), wanted));
    }
    return directory;
  }

  private @Nullable TlsSockets sockets() {
    CredentialDirectory own = credentials;
    NodeSettings.Tls tls = settings.tls();
    return own == null || tls == null
        ? null
        : TlsSockets.of(own, Set.of(new Identity(tls.realm(), Role.NODE)));
  }

  private <T extends AutoCloseable> T opened(T part) {
    parts.push(part);
    return part;
  }

  private NettyTransport listen(NodeEnvironment environment, NodeId self) throws IOException {
    HostPort bind = settings.peer().bind();
    Path hosts = settings.peer().hostsFile();
    return new NettyTransport(
        environment.transport(),
        self,
        this::clusterId,
        exclusion(),
        new PeerAddress(bind.host(), bind.port()),
        this::addressOf,
        hosts == null ? NameLookup.system() : new HostsFile(hosts, NameLookup.system()),
        sockets());
  }

  /// The cluster that it belongs to; empty while it belongs to none.
  public String clusterId() {
    SystemPartition known = directory;
    return known == null ? "" : known.membership().map(Membership::clusterId).orElse("");
  }

  private @Nullable PeerAddress addressOf(NodeId node) {
    SystemPartition known = directory;
    HostPort address = known == null || fence.excludes(node) ? null : known.addressOf(node);
    return address == null ? null : new PeerAddress(address.host(), address.port());
  }

  private Exclusion exclusion() {
    return new Exclusion() {
      @Override
      public boolean excludes(NodeId node) {
        return fence.excludes(node);
      }

      @Override
      public void excluded() {
        giveUp();
      }
    };
  }

  /// The others go on without this node: it takes part in nothing any more, and remembers that.
  /// Called on threads that must not block.
  private void giveUp() {
    boolean known = fence.isGivenUp() && failure.reason().isPresent();
    fence.giveUp();
    if (!known) {
      failure.fail(GIVEN_UP);
      host.giveUp(new IllegalStateException(GIVEN_UP));
      Thread.ofVirtual().name("given-up").start(fence::keepGivenUp);
    }
  }

  private void followRecoveries(Catalog catalog) {
    Set<NodeId> lost = RecoveryEntry.lostIn(catalog);
    if (lost.contains(id())) {
      giveUp();
    } else if (!fence.excluded().containsAll(lost)) {
      Thread.ofVirtual().name("fence").start(() -> fence.follow(catalog));
    }
  }

  private static HostPort advertised(NodeSettings.Peer peer, int port) {
    return peer.advertised().port() == 0
        ? new HostPort(peer.advertised().host(), port)
        : peer.advertised();
  }

  private LocalPartitions localPartitions(NodeEnvironment environment, Transport transport) {
    Duration retention = settings.storage().retention();
    Duration interval =
        retention.compareTo(SAFE_POINT_INTERVAL) < 0 ? retention : SAFE_POINT_INTERVAL;
    LocalPartitions local =
        new LocalPartitions(
            GroupHost.of(host),
            storage,
            system.oracle(),
            clock,
            environment.partitions().withRetention(retention, interval),
            operations,
            extent -> Extents.haveGrown(system.catalog(), extent));
    local.serve(transport);
    return local;
  }

  /// Its identity.
  public NodeId id() {
    return files.nodeId();
  }

  public NodeSettings settings() {
    return settings;
  }

  /// Its certificate, kept up to date; empty for a node in plain text.
  public Optional<CredentialDirectory> credentials() {
    return Optional.ofNullable(credentials);
  }

  /// Where other nodes reach it.
  public HostPort peerAddress() {
    return peerAddress;
  }

  /// The administration API.
  public AdminService admin() {
    return admin;
  }

  /// Users and their tokens.
  public AccountAdmin accounts() {
    return accounts;
  }

  /// The way out when a quorum is lost for good.
  public Recovery recovery() {
    return recovery;
  }

  /// What holds for the whole database.
  public SettingsAdmin databaseSettings() {
    return new SettingsAdmin(admin, () -> system.catalog().settings());
  }

  /// The way to every Partition: a [dev.partita.node.partition.PartitionDirectory] and
  /// [dev.partita.node.partition.PartitionCaller].
  public Router router() {
    return router;
  }

  /// Commits transactions.
  public Transactions transactions() {
    return transactions;
  }

  /// Transactions whose statements come one by one.
  public Sessions sessions() {
    return sessions;
  }

  /// The timestamps of the database.
  public TimestampOracle oracle() {
    return system.oracle();
  }

  /// The newest catalog on this node.
  public Catalog catalog() {
    return system.catalog();
  }

  public Clock clock() {
    return clock;
  }

  public Storage storage() {
    return storage;
  }

  public ReplicationHost replicationHost() {
    return host;
  }

  /// Figures of the replicas on this node, for metrics.
  public List<ReplicaFigures> replicas() {
    return partitions.replicas().stream()
        .map(this::figures)
        .sorted(Comparator.comparing(ReplicaFigures::id))
        .toList();
  }

  private ReplicaFigures figures(PartitionReplica replica) {
    ReplicaReport report = replica.report();
    GroupStatus group = report.group();
    PartitionDescriptor descriptor = report.descriptor();
    Configuration members = group.configuration();
    int lagging = report.serving() ? members.members().size() - group.caughtUp().size() : 0;
    return new ReplicaFigures(
        report.id(),
        descriptor == null ? report.id().toString() : descriptor.name(),
        descriptor == null ? "" : descriptor.collection(),
        report.serving(),
        members.voters().contains(id()),
        members.voters().size(),
        descriptor == null ? 0 : descriptor.epoch().value(),
        report.rows(),
        report.bytes(),
        Stream.of(Operation.values())
            .collect(
                Collectors.toMap(
                    Function.identity(), each -> operations.answered(report.id(), each))),
        operations.refused(report.id()),
        replica.cpuNanos(),
        group.lastIndex() - group.appliedIndex(),
        group.followerLag(),
        Math.max(0, lagging),
        group.applyQueueBytes(),
        report.indexes());
  }

  /// Figures of the system partition, for metrics.
  public SystemFigures systemFigures() {
    return system
        .group()
        .map(ReplicationGroup::status)
        .map(group ->
            new SystemFigures(
                group.leader() != null,
                group.leads(),
                group.configuration().voters().contains(id()),
                group.term(),
                group.configuration().voters().size(),
                group.lastIndex() - group.appliedIndex(),
                system.catalog().revision(),
                system.catalog().operations().values().stream()
                    .filter(entry -> entry.state() == OperationEntry.State.RUNNING)
                    .count()))
        .orElse(SystemFigures.NONE);
  }

  /// Figures of the traffic with other nodes, for metrics.
  public TransportFigures transportFigures() {
    return netty.figures();
  }

  /// How many requests the replicas here refused since the start because a bound was reached.
  public long overloads(OperationListener.Bound bound) {
    return operations.overloads(bound);
  }

  /// Has a listener hear of every request that this node's replicas answer, for histograms. Called
  /// on whatever thread answers, so it is quick.
  public void onOperation(OperationListener listener) {
    operations.add(listener);
  }

  /// Why the node can never serve again and must be restarted: the log or the storage has failed,
  /// or the node was removed from its cluster.
  public Optional<String> failure() {
    return failure.reason();
  }

  /// Has a listener called once when the node fails for good; at once if it has.
  public void onFailure(Runnable listener) {
    failure.listen(listener);
  }

  /// Whether it can serve: it has the catalog, the system partition has a leader, and its replicas
  /// are open.
  public boolean ready() {
    return failure.reason().isEmpty()
        && system.catalog().hasMember(id())
        && system.leader().isPresent()
        && cluster.isSettled();
  }

  /// Hands leadership over, then stops everything. Its directory can be started again.
  @Override
  public void close() {
    if (beginClose()) {
      yieldLeadership();
      closeParts();
    }
  }

  /// Stops everything at once, without telling anybody first, as a crash would. Its directory can
  /// be started again.
  void abort() {
    if (beginClose()) {
      closeParts();
    }
  }

  private synchronized boolean beginClose() {
    boolean first = !closed;
    closed = true;
    return first;
  }

  /// Hands over the leadership of all groups that other nodes can lead, as far as that goes
  /// quickly.
  public void yieldLeadership() {
    List<ReplicationGroup> led =
        Stream.concat(
                system.group().stream(),
                partitions.replicas().stream().map(PartitionReplica::group))
            .filter(group -> group.status().leads())
            .filter(group -> group.status().configuration().voters().size() > 1)
            .toList();
    if (led.isEmpty()) {
      return;
    }
    List<CompletableFuture<Boolean>> transfers = led.stream().map(this::handOver).toList();
    CompletableFuture.allOf(transfers.toArray(CompletableFuture[]::new))
        .completeOnTimeout(null, HAND_OVER_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .join();
    long done = transfers.stream().filter(transfer -> transfer.getNow(false)).count();
    if (done == led.size()) {
      LOGGER.log(
          Level.INFO, "Handed over the leadership of all {0} groups that were led here", done);
    } else {
      LOGGER.log(
          Level.WARNING,
          "Handed over the leadership of {0} of {1} groups; the others elect anew",
          done,
          led.size());
    }
  }

  /// Whether another node leads the group afterwards; false when there is none that could.
  private CompletableFuture<Boolean> handOver(ReplicationGroup group) {
    return successor(group)
        .map(group::transferLeadership)
        .map(transfer -> transfer.handle((_, failure) -> failure == null))
        .orElseGet(() -> CompletableFuture.completedFuture(false));
  }

  private Optional<NodeId> successor(ReplicationGroup group) {
    var status = group.status();
    return status.peers().stream()
        .filter(peer -> peer.active() && status.configuration().voters().contains(peer.node()))
        .max(Comparator.comparingLong(peer -> peer.matchIndex()))
        .map(peer -> peer.node());
  }

  private void closeParts() {
    while (!parts.isEmpty()) {
      AutoCloseable part = parts.pop();
      try {
        part.close();
      } catch (Exception e) {
        LOGGER.log(Level.WARNING, "A part of the node did not close: " + part, e);
      }
    }
  }
}
