package dev.partita.node.cluster;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCodec;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.CatalogResult;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.config.HostPort;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.system.Fence;
import dev.partita.node.system.Membership;
import dev.partita.node.system.NodeFiles;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.WorkLoop;
import dev.partita.node.transport.PeerAddress;
import dev.partita.node.transport.Transport;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Makes this node a member of a cluster and keeps it registered: it founds one when told to, or
/// asks its seeds until one takes it in; afterwards it corrects what the catalog says about it,
/// such as an address that has changed.
///
/// What makes a node a member is the file of [NodeFiles], written before the system partition is
/// opened, so a crash leaves it either with no cluster or with one it goes on with.
public final class ClusterMembership implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(ClusterMembership.class.getName());
  private static final String JOIN = "cluster.join";
  private static final Duration INTERVAL = Duration.ofMillis(500);
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /// A service that only shows whether a connection is accepted.
  private static final String GREET = "cluster.greet";

  /// How long a start waits for the others to say that they go on without this node.
  private static final Duration GREETING_PATIENCE = Duration.ofSeconds(1);

  private final NodeSettings settings;
  private final NodeFiles files;
  private final SystemPartition system;
  private final ReplicationHost host;
  private final Transport transport;
  private final HostPort peerAddress;
  private final Clock clock;
  private final Fence fence;
  private final Runnable removed;
  private @Nullable WorkLoop loop;

  /// The answer to a node that wants to join; null where this node belongs to no cluster itself.
  private record JoinReply(@Nullable Membership membership) {}

  /// @param peerAddress where this node is reached
  /// @param fence knows whether this node was given up
  /// @param removed called when the catalog says that this node is gone
  public ClusterMembership(
      NodeSettings settings,
      NodeFiles files,
      SystemPartition system,
      ReplicationHost host,
      Transport transport,
      HostPort peerAddress,
      Clock clock,
      Fence fence,
      Runnable removed) {
    this.settings = settings;
    this.files = files;
    this.system = system;
    this.host = host;
    this.transport = transport;
    this.peerAddress = peerAddress;
    this.clock = clock;
    this.fence = fence;
    this.removed = removed;
    transport.register(GREET, (_, request) -> CompletableFuture.completedFuture(request));
    transport.register(JOIN, (_, request) -> letIn(request));
  }

  /// Opens the system partition if this node is a member already, and begins to see to its
  /// registration. A node that the others have given up opens nothing: before it takes part in any
  /// election it asks all those it can reach, because together with others that come back it might
  /// be a majority of what its groups were.
  public synchronized void start() {
    Membership known = files.membership().orElse(null);
    if (known != null) {
      greet(known);
      if (fence.isGivenUp()) {
        return;
      }
      system.open(known, host);
    }
    if (settings.dev() && system.membership().isEmpty()) {
      bootstrap("dev", List.of(new Membership.Peer(files.nodeId(), peerAddress)));
    }
    loop = WorkLoop.start("membership", INTERVAL, this::look);
  }

  /// Returns when every other node has accepted a connection, refused it, or cannot be reached.
  private void greet(Membership known) {
    Set<NodeId> others = new HashSet<>(system.catalog().nodes().keySet());
    others.removeIf(node -> !system.catalog().hasMember(node));
    others.addAll(ids(known.peers()));
    others.remove(files.nodeId());
    CompletableFuture.allOf(
            others.stream()
                .map(node -> transport.call(node, GREET, new byte[0], GREETING_PATIENCE))
                .map(call -> call.exceptionally(_ -> new byte[0]))
                .toArray(CompletableFuture[]::new))
        .completeOnTimeout(null, GREETING_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }

  /// Makes this node a founding member, unless it is a member of the cluster already.
  ///
  /// @throws DatabaseException when it belongs to another cluster, or is none of the founders
  public synchronized void bootstrap(String clusterId, List<Membership.Peer> founders) {
    Membership known = system.membership().orElse(null);
    if (known != null) {
      if (!known.clusterId().equals(clusterId)) {
        throw new DatabaseException(ErrorCode.REFUSED, "the node belongs to another cluster")
            .with("cluster", known.clusterId());
      }
      if (known.founder() && !ids(known.peers()).equals(ids(founders))) {
        throw new DatabaseException(ErrorCode.REFUSED, "the cluster was founded by other members")
            .with("cluster", clusterId);
      }
      return;
    }
    if (founders.stream().noneMatch(peer -> peer.id().equals(files.nodeId()))) {
      throw new DatabaseException(ErrorCode.INVALID_REQUEST, "the node is not among the members")
          .with("node", files.nodeId());
    }
    enter(new Membership(clusterId, true, founders));
  }

  private static Set<NodeId> ids(List<Membership.Peer> peers) {
    return peers.stream().map(Membership.Peer::id).collect(Collectors.toSet());
  }

  private synchronized void enter(Membership membership) {
    if (system.membership().isEmpty()) {
      files.save(membership);
      system.open(membership, host);
      LOGGER.log(
          Level.INFO,
          "Node {0} {1} cluster {2}",
          files.nodeId().toString(),
          membership.founder() ? "founds" : "joins",
          membership.clusterId());
    }
  }

  /// This node as it wants to be known.
  private NodeEntry entry() {
    return new NodeEntry(
        files.nodeId(),
        settings.name(),
        settings.place(),
        peerAddress,
        settings.httpAdvertised(),
        NodeEntry.State.ACTIVE);
  }

  /// Whether the catalog of this node knows it.
  public boolean isRegistered() {
    return system.catalog().hasMember(files.nodeId());
  }

  private void look() {
    if (system.membership().isEmpty()) {
      join();
      return;
    }
    NodeEntry known = system.catalog().nodes().get(files.nodeId());
    if ((known == null || !isCurrent(known)) && propose(entry()) instanceof CatalogResult.Refused) {
      removed();
    }
  }

  /// The cluster says that this node was removed.
  public void removed() {
    removed.run();
  }

  private boolean isCurrent(NodeEntry known) {
    NodeEntry wanted = entry();
    return known.state() != NodeEntry.State.GONE
        && known.name().equals(wanted.name())
        && known.place().equals(wanted.place())
        && known.peer().equals(wanted.peer())
        && known.http().equals(wanted.http());
  }

  private void join() {
    for (HostPort seed : settings.peer().seeds()) {
      if (seed.equals(peerAddress)) {
        continue;
      }
      try {
        byte[] reply =
            transport
                .call(
                    new PeerAddress(seed.host(), seed.port()),
                    JOIN,
                    CatalogCodec.encode(entry()),
                    PATIENCE)
                .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        Membership membership = CatalogCodec.decode(reply, JoinReply.class).membership();
        if (membership != null) {
          enter(membership);
          return;
        }
      } catch (ExecutionException | TimeoutException e) {
        LOGGER.log(Level.DEBUG, "Seed {0} did not let this node in: {1}", seed, e.toString());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private CompletableFuture<byte[]> letIn(byte[] request) {
    Membership own = system.membership().orElse(null);
    if (own == null) {
      return CompletableFuture.completedFuture(CatalogCodec.encode(new JoinReply(null)));
    }
    NodeEntry newcomer = CatalogCodec.decode(request, NodeEntry.class);
    return CompletableFuture.supplyAsync(
        () -> {
          register(newcomer);
          var self = new Membership.Peer(files.nodeId(), peerAddress);
          return CatalogCodec.encode(new JoinReply(told(own, self, system.catalog())));
        },
        task -> Thread.ofVirtual().name("join").start(task));
  }

  private void register(NodeEntry node) {
    if (propose(node) instanceof CatalogResult.Refused refused) {
      throw new DatabaseException(ErrorCode.REFUSED, refused.message())
          .with("node", refused.subject());
    }
  }

  private CatalogResult propose(NodeEntry node) {
    return system.propose(new CatalogCommand.RegisterNode(node), Deadline.after(PATIENCE, clock));
  }

  /// What a node is told that has no catalog yet: where the present members are. The one that
  /// answers is among them and so are the founders, who may be in no catalog yet: a node that is
  /// told only of itself asks nobody any more, and nobody hears of it.
  static Membership told(Membership own, Membership.Peer self, Catalog catalog) {
    var addresses = new LinkedHashMap<NodeId, HostPort>();
    own.peers().forEach(peer -> addresses.put(peer.id(), peer.address()));
    addresses.put(self.id(), self.address());
    catalog
        .nodes()
        .forEach((node, entry) -> {
          if (entry.state() == NodeEntry.State.GONE) {
            addresses.remove(node);
          } else {
            addresses.put(node, entry.peer());
          }
        });
    return new Membership(
        own.clusterId(),
        false,
        addresses.entrySet().stream()
            .map(each -> new Membership.Peer(each.getKey(), each.getValue()))
            .toList());
  }

  @Override
  public void close() {
    WorkLoop started = loop;
    if (started != null) {
      started.close();
    }
  }
}
