package dev.partita.node.admin;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.CatalogResult;
import dev.partita.node.catalog.IndexEntry;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.cluster.Cluster;
import dev.partita.node.cluster.ClusterFigures;
import dev.partita.node.cluster.ClusterMembership;
import dev.partita.node.config.HostPort;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.system.Membership;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The administration of a cluster by way of one node.
public final class NodeAdmin implements AdminService {
  /// The version that nodes tell.
  public static final String VERSION = "0.1.0";

  /// How long to wait for figures before the state is told without them.
  private static final Duration FIGURES_PATIENCE = Duration.ofSeconds(1);

  private final NodeSettings settings;
  private final NodeId self;
  private final HostPort peerAddress;
  private final SystemPartition system;
  private final ClusterMembership membership;
  private final Cluster cluster;
  private final Clock clock;
  private final BooleanSupplier ready;
  private final ResourceRequests requests;

  /// @param peerAddress where this node is reached
  /// @param ready whether this node can serve
  public NodeAdmin(
      NodeSettings settings,
      NodeId self,
      HostPort peerAddress,
      SystemPartition system,
      ClusterMembership membership,
      Cluster cluster,
      Clock clock,
      BooleanSupplier ready) {
    this.settings = settings;
    this.self = self;
    this.peerAddress = peerAddress;
    this.system = system;
    this.membership = membership;
    this.cluster = cluster;
    this.clock = clock;
    this.ready = ready;
    this.requests = new ResourceRequests(this, system, clock, settings.dev());
  }

  @Override
  public NodeView node() {
    return new NodeView(
        self.toString(),
        settings.name(),
        system.membership().map(Membership::clusterId).orElse(null),
        settings.place().site(),
        VERSION,
        peerAddress.toString(),
        settings.httpAdvertised().toString(),
        ready.getAsBoolean(),
        membership.isRegistered());
  }

  @Override
  public NodeView bootstrap(BootstrapRequest request) {
    List<Membership.Peer> founders =
        request.members().stream()
            .map(member ->
                new Membership.Peer(
                    SpecReader.nodeId(member.nodeId()), address(member.peerAddress())))
            .toList();
    membership.bootstrap(request.clusterId(), founders);
    return node();
  }

  private static HostPort address(String text) {
    try {
      return HostPort.parse(text);
    } catch (IllegalArgumentException e) {
      throw new DatabaseException(ErrorCode.INVALID_REQUEST, "not an address", e)
          .with("address", text);
    }
  }

  @Override
  public StateView state(Deadline deadline) {
    StateAssembly assembly = assembly(deadline);
    ClusterFigures figures = assembly.figures();
    return assembly.state(figures == null ? system.leader().orElse(null) : figures.leader());
  }

  /// The figures first, then the catalog: it is as new as what the figures are about.
  private StateAssembly assembly(Deadline deadline) {
    ClusterFigures figures = figures(deadline);
    Configuration members =
        system.group().map(group -> group.status().configuration()).orElse(Configuration.EMPTY);
    return new StateAssembly(system.catalog(), figures, members);
  }

  private @Nullable ClusterFigures figures(Deadline deadline) {
    if (system.membership().isEmpty()) {
      return null;
    }
    try {
      return cluster.figures(deadline.atMost(FIGURES_PATIENCE, clock));
    } catch (DatabaseException e) {
      // The catalog alone is better than nothing while there is no leader.
      return null;
    }
  }

  @Override
  public PartitionView putPartition(String name, PartitionSpec spec, Deadline deadline) {
    propose(SpecReader.partition(name, spec), deadline);
    return partition(name, deadline);
  }

  PartitionView partition(String name, Deadline deadline) {
    StateAssembly assembly = assembly(deadline);
    PartitionEntry entry =
        assembly
            .catalog()
            .partition(SpecReader.resourceName(name))
            .orElseThrow(() ->
                new DatabaseException(ErrorCode.UNKNOWN_PARTITION, "unknown partition")
                    .with("partition", name));
    return assembly.partition(entry);
  }

  @Override
  public void deletePartition(String name, RowsPolicy rows, Deadline deadline) {
    // Retained rows are dropped by the name that the catalog gave them, which is no resource name.
    String known = name.indexOf('~') >= 0 ? name : SpecReader.resourceName(name);
    propose(new CatalogCommand.DropPartition(known, rows == RowsPolicy.RETAIN), deadline);
  }

  @Override
  public IndexView putIndex(String name, IndexSpec spec, Deadline deadline) {
    propose(SpecReader.index(name, spec), deadline);
    return index(name, deadline);
  }

  IndexView index(String name, Deadline deadline) {
    StateAssembly assembly = assembly(deadline);
    IndexEntry entry = assembly.catalog().indexes().get(SpecReader.resourceName(name));
    if (entry == null) {
      throw new DatabaseException(ErrorCode.UNKNOWN_INDEX, "unknown index").with("index", name);
    }
    return assembly.index(entry);
  }

  @Override
  public void deleteIndex(String name, Deadline deadline) {
    propose(new CatalogCommand.DropIndex(SpecReader.resourceName(name)), deadline);
  }

  @Override
  public OperationView putOperation(String id, OperationSpec spec, Deadline deadline) {
    OperationEntry known = system.catalog().operations().get(SpecReader.operationId(id));
    if (known == null) {
      Operation operation = SpecReader.operation(spec, system.catalog());
      propose(new CatalogCommand.PutOperation(id, operation), deadline);
    }
    Catalog catalog = system.catalog();
    OperationEntry entry = catalog.operations().get(id);
    if (entry == null) {
      throw new DatabaseException(ErrorCode.REFUSED, "the operation was acknowledged meanwhile")
          .with("operation", id);
    }
    return new StateAssembly(catalog, null, Configuration.EMPTY).operation(entry);
  }

  @Override
  public void deleteOperation(String id, Deadline deadline) {
    propose(new CatalogCommand.ForgetOperation(id), deadline);
  }

  @Override
  public void answerRequest(String id, RequestAnswer answer, Deadline deadline) {
    propose(
        new CatalogCommand.AnswerRequest(
            id, answer.state() == RequestAnswer.State.ACCEPTED, answer.message()),
        deadline);
  }

  @Override
  public Optional<PartitionView> requestPartition(
      String name, PartitionWish wish, Deadline deadline) {
    return requests.createPartition(name, wish, deadline);
  }

  @Override
  public void requestPartitionDeletion(String name, Deadline deadline) {
    requests.deletePartition(name, deadline);
  }

  @Override
  public IndexView requestIndex(String name, IndexSpec spec, Deadline deadline) {
    return requests.createIndex(name, spec, deadline);
  }

  @Override
  public void requestIndexDeletion(String name, Deadline deadline) {
    requests.deleteIndex(name, deadline);
  }

  /// Has a command applied, and turns a refusal into the failure that clients see.
  void propose(CatalogCommand command, Deadline deadline) {
    if (system.propose(command, deadline) instanceof CatalogResult.Refused refused) {
      throw failure(refused);
    }
  }

  private static DatabaseException failure(CatalogResult.Refused refused) {
    ErrorCode code =
        switch (refused.reason()) {
          case NOT_FOUND -> ErrorCode.NOT_FOUND;
          case EXISTS -> ErrorCode.ALREADY_EXISTS;
          case OVERLAP -> ErrorCode.OVERLAP;
          case INVALID -> ErrorCode.INVALID_DEFINITION;
          case CONFLICT -> ErrorCode.REFUSED;
          case TOO_MANY -> ErrorCode.OVERLOADED;
        };
    DatabaseException failure =
        new DatabaseException(code, refused.message()).with("subject", refused.subject());
    return refused.with() == null ? failure : failure.with("with", refused.with());
  }
}
