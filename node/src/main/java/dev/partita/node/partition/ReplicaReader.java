package dev.partita.node.partition;

import dev.partita.node.storage.ReadView;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Timestamp;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads what is applied on a replica, for requests whose time has come. For any thread.
///
/// The data may go at any time: a replica that does not lead any more, or never did, is given a
/// snapshot or is removed. What was read meanwhile is refused, since it may lack anything.
final class ReplicaReader {

  private final PartitionStateMachine machine;
  private final Storage storage;
  private final SplitRules rules;
  private final ChangeReader changes;

  ReplicaReader(
      PartitionStateMachine machine, Storage storage, SplitRules rules, ChangeReader changes) {
    this.machine = machine;
    this.storage = storage;
    this.rules = rules;
    this.changes = changes;
  }

  private Response kept(Supplier<Response> read) {
    long installations = machine.installations();
    Response response = read.get();
    return machine.hasKeptData(installations)
        ? response
        : new Response.Unavailable("The replica is being replaced");
  }

  /// Reads a row as it is now; the caller has seen to it that everything is applied.
  Response newest(Request.Read read) {
    return machine.cpu().sample(() -> kept(() -> newestRow(read)));
  }

  private Response newestRow(Request.Read read) {
    PartitionState state = machine.state();
    PartitionDescriptor descriptor = state.descriptor();
    Response refusal = check(read, state);
    if (refusal != null || descriptor == null) {
      return refusal == null ? uncreated() : refusal;
    }
    HeldTransaction holder = machine.transactions().locks().writer(read, null);
    if (holder != null) {
      return new Response.Locked(holder.id());
    }
    Response row = PageReader.row(storage.get(new PartitionKeys(descriptor).row(read.key())));
    // The bounds may have changed between check and read.
    Response late = check(read, machine.state());
    return late == null ? row : late;
  }

  /// Reads changes; the caller has seen to it that everything up to the timestamp that is asked for
  /// is applied, and that nothing more will come but from transactions that are prepared.
  ///
  /// @param inTheWay told of the transaction that the changes end before
  Response changes(Request.Changes request, Consumer<HeldTransaction> inTheWay) {
    return machine.cpu().measure(() -> kept(() -> page(request, inTheWay)));
  }

  private Response page(Request.Changes request, Consumer<HeldTransaction> inTheWay) {
    // Before anything is read: who has ended by now is in the store.
    HeldTransaction holder = machine.transactions().locks().firstWriter(request.upTo());
    if (holder == null) {
      return changesUpTo(request.upTo(), request);
    }
    inTheWay.accept(holder);
    return changesUpTo(holder.prepared().at().previous(), request);
  }

  private Response changesUpTo(Timestamp upTo, Request.Changes request) {
    PartitionState state = machine.state();
    PartitionDescriptor descriptor = state.descriptor();
    Response refusal = check(request, state);
    if (refusal != null || descriptor == null) {
      return refusal == null ? uncreated() : refusal;
    }
    Response page = changes.read(request, descriptor, upTo);
    // Once the Partition is split, others decide what is kept of its rows.
    Response late = check(request, machine.state());
    return late == null ? page : late;
  }

  /// Reads at a timestamp up to which the leader has promised that nothing more will come: that
  /// holds for a frozen Partition as well.
  Response promised(Request request, Timestamp at) {
    return at(request, at, true);
  }

  /// Reads at a timestamp; the caller has seen to it that everything up to it is applied, and that
  /// nothing more will come.
  Response at(Request request, Timestamp at) {
    return at(request, at, false);
  }

  private Response at(Request request, Timestamp at, boolean promised) {
    Supplier<Response> read = () -> kept(() -> rows(request, at, promised));
    return request instanceof Request.Read
        ? machine.cpu().sample(read)
        : machine.cpu().measure(read);
  }

  private Response rows(Request request, Timestamp at, boolean promised) {
    // Before the view is opened: what is not prepared by now commits above the timestamp, and what
    // has ended by now is in the view.
    HeldTransaction holder = machine.transactions().locks().writer(request, at);
    if (holder != null) {
      return new Response.Locked(holder.id());
    }
    Response response = null;
    while (response == null) {
      response = once(request, at, promised);
    }
    return response;
  }

  /// @return null if an index was finished while the view was opened: it may lack entries then
  private @Nullable Response once(Request request, Timestamp at, boolean promised) {
    PartitionState before = machine.state();
    try (ReadView view = storage.view()) {
      // This state is as new as the view or newer, and epochs only rise: if it has the request's
      // epoch, so had the view.
      PartitionState state = machine.state();
      PartitionDescriptor descriptor = state.descriptor();
      Response refusal = check(request, state, promised);
      if (refusal != null || descriptor == null) {
        return refusal == null ? uncreated() : refusal;
      }
      if (at.isBefore(state.safePoint())) {
        return new Response.TimestampTooOld(state.safePoint());
      }
      if (!hasSameEntries(before, state, at)) {
        return null;
      }
      var reader = new PageReader(view, descriptor, state.indexes(), at);
      return switch (request) {
        case Request.Read read -> reader.row(read.key());
        case Request.Scan scan -> reader.rows(scan);
        case Request.IndexScan scan -> index(scan, state, reader, at);
        default -> throw new IllegalStateException("not a read: " + request);
      };
    }
  }

  /// Whether a read finds the entries of all indexes at the same places in both states.
  private static boolean hasSameEntries(PartitionState before, PartitionState after, Timestamp at) {
    for (IndexState index : after.indexes()) {
      IndexState earlier = before.index(index.index().id());
      if (earlier != null
          && (earlier.isReadable() != index.isReadable()
              || !earlier.spacesAt(at).equals(index.spacesAt(at)))) {
        return false;
      }
    }
    return true;
  }

  private static Response index(
      Request.IndexScan scan, PartitionState state, PageReader reader, Timestamp at) {
    IndexState index = state.index(scan.indexId());
    if (index == null) {
      return new Response.IndexNotReady(scan.indexId(), null);
    }
    if (index.phase() instanceof IndexState.Failed(String message)) {
      return new Response.Invalid(message);
    }
    Timestamp since = index.readableSince();
    if (since == null || at.isBefore(since)) {
      return new Response.IndexNotReady(scan.indexId(), since);
    }
    if (scan.terms().size() > index.index().terms().size()) {
      return new Response.Invalid(
          "The index has %d terms, not %d"
              .formatted(index.index().terms().size(), scan.terms().size()));
    }
    return reader.entries(index.index(), scan);
  }

  /// Why a request cannot be answered in a state, null if it can.
  private Response.@Nullable Refusal check(Request request, PartitionState state) {
    return check(request, state, false);
  }

  private Response.@Nullable Refusal check(
      Request request, PartitionState state, boolean promised) {
    PartitionDescriptor descriptor = state.descriptor();
    SplitState split = state.split();
    if (descriptor == null) {
      return uncreated();
    }
    if (split != null && rules.refuses()) {
      return new Response.Split(split.children());
    }
    if (state.freeze() != null && !promised && rules.freezes()) {
      // Somebody else may have taken over by the timestamp of the read.
      return Freezing.MERGING;
    }
    if (!request.epoch().equals(descriptor.epoch())) {
      return new Response.WrongEpoch(descriptor);
    }
    if (request instanceof Request.Read read && !descriptor.bounds().contains(read.key())) {
      return new Response.OutOfBounds(read.key());
    }
    return null;
  }

  private static Response.Unavailable uncreated() {
    return new Response.Unavailable("The partition is being created");
  }
}
