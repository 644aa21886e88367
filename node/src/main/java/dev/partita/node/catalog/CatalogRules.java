package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogResult.Applied;
import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogResult.Refused;
import org.jspecify.annotations.Nullable;

/// What each command does to a catalog: a pure function, the same on every node. Partitions and
/// indexes have classes of their own, [PartitionRules] and [IndexRules].
@SuppressWarnings("ReferenceEquality") // the same object is the sign that nothing was changed
final class CatalogRules {
  /// Operations and requests that are recorded at a time: far more than anybody drives at once, few
  /// enough that one client in a loop cannot fill the catalog.
  static final int OPERATIONS_MAX = 1_000;

  static final int REQUESTS_MAX = 1_000;

  static final int NODES_MAX = 10_000;

  private CatalogRules() {}

  /// The outcome of a command.
  ///
  /// @param catalog the same object as before where nothing changed
  record Transition(Catalog catalog, CatalogResult result) {
    static Transition refused(
        Catalog before, Reason reason, String message, String subject, @Nullable String with) {
      return new Transition(before, new Refused(reason, message, subject, with));
    }

    static Transition applied(Catalog after) {
      return new Transition(after, new Applied(after.revision()));
    }
  }

  /// Applies a command, and raises the revision if anything that can be seen has changed.
  static Transition apply(Catalog before, CatalogCommand command) {
    if (command instanceof CatalogCommand.ExtendWindow(var window)) {
      return Transition.applied(
          window.end().isAfter(before.window().end()) ? before.withWindow(window) : before);
    }
    if (command instanceof CatalogCommand.RecordRecovery recorded) {
      return RecoveryRules.record(before, recorded);
    }
    Transition transition = change(before, command);
    return transition.result() instanceof Applied && transition.catalog() != before
        ? Transition.applied(transition.catalog().withRevision(before.revision() + 1))
        : transition;
  }

  private static Transition change(Catalog before, CatalogCommand command) {
    return switch (command) {
      case CatalogCommand.FoundCluster found -> found(before, found.clusterId());
      case CatalogCommand.RegisterNode register -> register(before, register.node());
      case CatalogCommand.SetNodeState change -> setNodeState(before, change);
      case CatalogCommand.CreatePartition create -> PartitionRules.create(before, create);
      case CatalogCommand.DropPartition drop -> PartitionRules.drop(before, drop);
      case CatalogCommand.ObservePartition observed -> PartitionRules.observe(before, observed);
      case CatalogCommand.ActivatePartition activate -> PartitionRules.activate(before, activate);
      case CatalogCommand.PublishSplit publish -> SplitTransitions.publish(before, publish);
      case CatalogCommand.MakeInterval(var family, long number) ->
          IntervalPartitions.make(before, family, number);
      case CatalogCommand.CommitMerge commit -> MergeTransitions.commit(before, commit);
      case CatalogCommand.GiveUpMerge given -> MergeTransitions.giveUp(before, given);
      case CatalogCommand.RetirePartition(var partition) ->
          SplitTransitions.retire(before, partition);
      case CatalogCommand.CreateIndex create -> IndexRules.create(before, create);
      case CatalogCommand.DropIndex drop -> IndexRules.drop(before, drop);
      case CatalogCommand.SetIndexState change -> IndexRules.setState(before, change);
      case CatalogCommand.PlaceClaims(long index) -> ClaimPartitions.place(before, index);
      case CatalogCommand.PutOperation put -> putOperation(before, put);
      case CatalogCommand.AdvanceOperation advance -> advance(before, advance);
      case CatalogCommand.ForgetOperation(var id) -> forgetOperation(before, id);
      case CatalogCommand.PutRequest put -> putRequest(before, put.request());
      case CatalogCommand.AnswerRequest answer -> answer(before, answer);
      case CatalogCommand.ForgetRequest(var id) ->
          Transition.applied(
              before.requests().containsKey(id) ? before.withoutRequest(id) : before);
      case CatalogCommand.PutSettings(var settings) ->
          Transition.applied(
              settings.equals(before.settings()) ? before : before.withSettings(settings));
      case CatalogCommand.PutUser put -> AccountRules.putUser(before, put);
      case CatalogCommand.DropUser(var name) -> AccountRules.dropUser(before, name);
      case CatalogCommand.PutToken(var token) -> AccountRules.putToken(before, token);
      case CatalogCommand.DropToken(var id) -> AccountRules.dropToken(before, id);
      case CatalogCommand.AcknowledgeRecovery(var id) -> RecoveryRules.acknowledge(before, id);
      case CatalogCommand.RecordRecovery _, CatalogCommand.ExtendWindow _ ->
          Transition.applied(before);
    };
  }

  private static Transition found(Catalog before, String clusterId) {
    if (clusterId.equals(before.clusterId())) {
      return Transition.applied(before);
    }
    if (before.clusterId() != null) {
      return Transition.refused(
          before, Reason.CONFLICT, "another cluster", clusterId, before.clusterId());
    }
    return Transition.applied(before.withClusterId(clusterId));
  }

  private static Transition register(Catalog before, NodeEntry node) {
    NodeEntry known = before.nodes().get(node.id());
    if (known == null && before.nodes().size() >= NODES_MAX) {
      return Transition.refused(
          before, Reason.TOO_MANY, "too many nodes", node.id().toString(), null);
    }
    if (known != null && known.state() == NodeEntry.State.GONE) {
      return Transition.refused(
          before, Reason.CONFLICT, "the node was removed", node.id().toString(), null);
    }
    NodeEntry next = node.with(known == null ? NodeEntry.State.ACTIVE : known.state());
    return Transition.applied(next.equals(known) ? before : before.withNode(next));
  }

  private static Transition setNodeState(Catalog before, CatalogCommand.SetNodeState change) {
    NodeEntry known = before.nodes().get(change.node());
    String subject = change.node().toString();
    if (known == null) {
      return Transition.refused(before, Reason.NOT_FOUND, "unknown node", subject, null);
    }
    if (known.state() == change.state()) {
      return Transition.applied(before);
    }
    if (known.state() == NodeEntry.State.GONE) {
      return Transition.refused(before, Reason.CONFLICT, "the node was removed", subject, null);
    }
    if (change.state() == NodeEntry.State.GONE) {
      PartitionEntry placed = placedOn(before, known);
      if (placed != null) {
        return Transition.refused(
            before, Reason.CONFLICT, "the node has replicas", subject, placed.name());
      }
    }
    return Transition.applied(before.withNode(known.with(change.state())));
  }

  private static @Nullable PartitionEntry placedOn(Catalog catalog, NodeEntry node) {
    return catalog.partitions().all().stream()
        .filter(PartitionEntry::isRouted)
        .filter(entry -> entry.members().contains(node.id()))
        .findFirst()
        .orElse(null);
  }

  private static Transition putOperation(Catalog before, CatalogCommand.PutOperation put) {
    OperationEntry known = before.operations().get(put.id());
    if (known != null) {
      return known.operation().equals(put.operation())
          ? Transition.applied(before)
          : Transition.refused(
              before, Reason.EXISTS, "another operation has this id", put.id(), null);
    }
    if (before.operations().size() >= OPERATIONS_MAX) {
      return Transition.refused(before, Reason.TOO_MANY, "too many operations", put.id(), null);
    }
    Transition begun =
        switch (put.operation()) {
          case Operation.SplitPartition(var partition, var at) ->
              SplitTransitions.begin(before, partition, at);
          case Operation.MergePartitions(var partition) ->
              MergeTransitions.begin(before, partition);
          default -> Transition.applied(before);
        };
    if (!(begun.result() instanceof Applied)) {
      return begun;
    }
    return Transition.applied(
        begun
            .catalog()
            .withOperation(
                new OperationEntry(
                    put.id(),
                    put.operation(),
                    OperationEntry.RECORDED,
                    OperationEntry.State.RUNNING,
                    null)));
  }

  private static Transition advance(Catalog before, CatalogCommand.AdvanceOperation advance) {
    OperationEntry known = before.operations().get(advance.id());
    if (known == null || known.state() != OperationEntry.State.RUNNING) {
      // Acknowledged or finished by a former leader: whoever proposed this knew less.
      return Transition.applied(before);
    }
    OperationEntry next =
        new OperationEntry(
            known.id(), known.operation(), advance.step(), advance.state(), advance.message());
    return Transition.applied(next.equals(known) ? before : before.withOperation(next));
  }

  private static Transition forgetOperation(Catalog before, String id) {
    OperationEntry known = before.operations().get(id);
    if (known == null) {
      return Transition.applied(before);
    }
    if (known.state() == OperationEntry.State.RUNNING) {
      return Transition.refused(
          before, Reason.CONFLICT, "the operation is still running", id, null);
    }
    return Transition.applied(before.withoutOperation(id));
  }

  private static Transition putRequest(Catalog before, ResourceRequest request) {
    ResourceRequest known = before.requests().get(request.id());
    if (known != null && known.state() == ResourceRequest.State.PENDING) {
      return known.equals(request)
          ? Transition.applied(before)
          : Transition.refused(
              before, Reason.EXISTS, "another request has this id", request.id(), known.name());
    }
    if (known == null && before.requests().size() >= REQUESTS_MAX) {
      return Transition.refused(
          before, Reason.TOO_MANY, "too many requests wait for the operator", request.name(), null);
    }
    return Transition.applied(before.withRequest(request));
  }

  private static Transition answer(Catalog before, CatalogCommand.AnswerRequest answer) {
    ResourceRequest known = before.requests().get(answer.id());
    if (known == null) {
      // The client has what it wanted, or has given up: nobody waits for the answer.
      return Transition.applied(before);
    }
    ResourceRequest.State state =
        answer.accepted() ? ResourceRequest.State.ACCEPTED : ResourceRequest.State.REFUSED;
    if (known.state() != ResourceRequest.State.PENDING) {
      return known.state() == state
          ? Transition.applied(before)
          : Transition.refused(
              before,
              Reason.CONFLICT,
              "the request was answered",
              answer.id(),
              known.state().name());
    }
    return Transition.applied(before.withRequest(known.with(state, answer.message())));
  }
}
