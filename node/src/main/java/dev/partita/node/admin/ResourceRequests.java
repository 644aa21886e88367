package dev.partita.node.admin;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.IndexEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.catalog.ResourceRequest;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;

/// What clients want made or deleted. In a cluster only the operator can do it: the wish is
/// recorded in the catalog, the operator answers it, and the call returns when what was wanted is
/// there. A node of the `dev` profile has no operator and does it by itself.
final class ResourceRequests {
  private static final Logger LOGGER = System.getLogger(ResourceRequests.class.getName());
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Duration FORGET_PATIENCE = Duration.ofSeconds(10);

  private final NodeAdmin admin;
  private final SystemPartition system;
  private final Clock clock;
  private final boolean dev;

  ResourceRequests(NodeAdmin admin, SystemPartition system, Clock clock, boolean dev) {
    this.admin = admin;
    this.system = system;
    this.clock = clock;
    this.dev = dev;
  }

  /// Has a Partition made, and waits until it serves.
  ///
  /// @return nothing where the wish is a resource that is paused
  Optional<PartitionView> createPartition(String name, PartitionWish wish, Deadline deadline) {
    CatalogCommand.CreatePartition wanted = SpecReader.partition(name, wish.withoutReplicas());
    Optional<PartitionEntry> known = system.catalog().partition(wanted.name());
    if (known.isPresent() && !isSame(known.get(), wanted)) {
      throw new DatabaseException(ErrorCode.ALREADY_EXISTS, "another partition has this name")
          .with("partition", name);
    }
    if (known.isEmpty()) {
      WishRules.check(wish, system.catalog().nodes().values(), dev);
    }
    if (dev) {
      admin.putPartition(
          name,
          new PartitionSpec(wish.collection(), wish.bounds(), List.of(admin.node().nodeId())),
          deadline);
    } else if (known.isEmpty()) {
      refuseOverlap(wanted);
      request(
          ResourceRequest.Action.CREATE,
          ResourceRequest.Kind.PARTITION,
          name,
          wish.spec(),
          catalog -> catalog.partition(wanted.name()).isPresent(),
          deadline);
      if (wish.isPaused()) {
        return Optional.empty();
      }
    }
    await(
        catalog ->
            catalog
                .partition(wanted.name())
                .filter(entry -> entry.state() == PartitionEntry.State.ACTIVE || entry.isFamily())
                .isPresent(),
        "the partition does not serve yet",
        name,
        deadline);
    return Optional.of(admin.partition(name, deadline));
  }

  private static boolean isSame(PartitionEntry entry, CatalogCommand.CreatePartition wanted) {
    return entry.collection().equals(wanted.collection()) && entry.bounds().equals(wanted.bounds());
  }

  /// What the catalog would refuse anyway is refused before a custom resource is made for it.
  private void refuseOverlap(CatalogCommand.CreatePartition wanted) {
    var partitions = system.catalog().partitions();
    List<PartitionEntry> present = new ArrayList<>(partitions.families(wanted.collection()));
    present.addAll(partitions.of(wanted.collection()));
    for (PartitionEntry entry : present) {
      if (entry.bounds().overlaps(wanted.bounds())) {
        throw new DatabaseException(
                ErrorCode.OVERLAP, "the bounds overlap those of another partition")
            .with("subject", wanted.name())
            .with("with", entry.name());
      }
    }
  }

  void deletePartition(String name, Deadline deadline) {
    String known = SpecReader.resourceName(name);
    if (system.catalog().partition(known).isEmpty()) {
      throw new DatabaseException(ErrorCode.UNKNOWN_PARTITION, "unknown partition")
          .with("partition", name);
    }
    Predicate<Catalog> gone = catalog -> catalog.partition(known).isEmpty();
    if (dev) {
      admin.deletePartition(known, RowsPolicy.DELETE, deadline);
    } else {
      request(
          ResourceRequest.Action.DELETE,
          ResourceRequest.Kind.PARTITION,
          name,
          MAPPER.createObjectNode(),
          gone,
          deadline);
    }
    await(gone, "the partition is not gone yet", name, deadline);
  }

  IndexView createIndex(String name, IndexSpec spec, Deadline deadline) {
    CatalogCommand.CreateIndex wanted = SpecReader.index(name, spec);
    IndexEntry known = system.catalog().indexes().get(wanted.name());
    if (dev || known != null) {
      // The catalog tells an index of the same definition from another one.
      admin.putIndex(name, spec, deadline);
    } else {
      request(
          ResourceRequest.Action.CREATE,
          ResourceRequest.Kind.INDEX,
          name,
          MAPPER.valueToTree(spec),
          catalog -> catalog.indexes().containsKey(wanted.name()),
          deadline);
    }
    await(
        catalog -> {
          IndexEntry entry = catalog.indexes().get(wanted.name());
          return entry != null && !entry.state().isUnfinished();
        },
        "the index is not ready yet",
        name,
        deadline);
    IndexView index = admin.index(name, deadline);
    if (index.state() == IndexView.State.FAILED) {
      throw new DatabaseException(ErrorCode.INDEX_NOT_READY, "the index cannot be built")
          .with("index", name)
          .with("reason", index.message());
    }
    return index;
  }

  void deleteIndex(String name, Deadline deadline) {
    String known = SpecReader.resourceName(name);
    if (!system.catalog().indexes().containsKey(known)) {
      throw new DatabaseException(ErrorCode.UNKNOWN_INDEX, "unknown index").with("index", name);
    }
    Predicate<Catalog> gone = catalog -> !catalog.indexes().containsKey(known);
    if (dev) {
      admin.deleteIndex(known, deadline);
    } else {
      request(
          ResourceRequest.Action.DELETE,
          ResourceRequest.Kind.INDEX,
          name,
          MAPPER.createObjectNode(),
          gone,
          deadline);
    }
    await(gone, "the index is not gone yet", name, deadline);
  }

  /// Records a wish, waits until the operator has answered it or it has come true otherwise, and
  /// forgets it.
  private void request(
      ResourceRequest.Action action,
      ResourceRequest.Kind kind,
      String name,
      ObjectNode spec,
      Predicate<Catalog> done,
      Deadline deadline) {
    String id = UUID.randomUUID().toString();
    ResourceRequest request =
        new ResourceRequest(
            id, action, kind, name, spec.toString(), ResourceRequest.State.PENDING, null);
    admin.propose(new CatalogCommand.PutRequest(request), deadline);
    try {
      boolean answered =
          system.await(catalog -> done.test(catalog) || isAnswered(catalog, id), deadline);
      ResourceRequest answer = system.catalog().requests().get(id);
      if (answer != null && answer.state() == ResourceRequest.State.REFUSED) {
        throw new DatabaseException(ErrorCode.REFUSED, "the operator refused the request")
            .with("name", name)
            .with("reason", answer.message());
      }
      if (!answered) {
        throw late("the operator has not answered the request", name);
      }
    } finally {
      forget(id);
    }
  }

  private static boolean isAnswered(Catalog catalog, String id) {
    ResourceRequest request = catalog.requests().get(id);
    return request == null || request.state() != ResourceRequest.State.PENDING;
  }

  /// Does not keep the client waiting: whether it works is of no interest to it.
  private void forget(String id) {
    Thread.ofVirtual()
        .name("forget-request")
        .start(() -> {
          try {
            admin.propose(
                new CatalogCommand.ForgetRequest(id), Deadline.after(FORGET_PATIENCE, clock));
          } catch (DatabaseException e) {
            LOGGER.log(Level.DEBUG, "Request {0} stays in the catalog", id);
          }
        });
  }

  private void await(
      Predicate<Catalog> condition, String otherwise, String name, Deadline deadline) {
    if (!system.await(condition, deadline)) {
      throw late(otherwise, name);
    }
  }

  private static DatabaseException late(String message, String name) {
    return new DatabaseException(ErrorCode.DEADLINE_EXCEEDED, message).with("name", name);
  }
}
