package dev.partita.node.partition;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexEntries;
import dev.partita.node.index.IndexEntry;
import dev.partita.node.index.IndexKeys;
import dev.partita.node.index.JointRows;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonData;
import dev.partita.node.index.UniqueTerms;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionCommand.TimedWrite;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Applies writes to one batch of the store: checks what must be checked in log order, then changes
/// rows, index entries and counters together. Deterministic. For one thread and one batch.
final class WriteApplier {

  private static final ObjectNode NO_FIELDS = JsonNodeFactory.instance.objectNode();

  private final Batch batch;
  private final PartitionDescriptor descriptor;
  private final PartitionKeys keys;
  private final EntryOverlay entries;
  private final List<IndexState> indexes;
  private final List<Maintained> maintenance = new ArrayList<>();
  private final long[] entryGrowth;
  private final long[] shareGrowth;
  private final boolean needsDocuments;
  private final LockTable locks;
  private final RecentChanges recentChanges;

  private long rows;
  private long bytes;
  private Timestamp lastCommit;

  /// Begins on a state that has a descriptor, with what is committed to the store up to it.
  ///
  /// @param recentChanges is told of what is written
  WriteApplier(
      StorageReader committed,
      Batch batch,
      PartitionState state,
      PartitionDescriptor descriptor,
      LockTable locks,
      RecentChanges recentChanges) {
    this.batch = batch;
    this.locks = locks;
    this.recentChanges = recentChanges;
    this.descriptor = descriptor;
    this.keys = new PartitionKeys(descriptor);
    this.entries = new EntryOverlay(committed);
    this.indexes = state.indexes().stream().filter(IndexState::isMaintained).toList();
    this.entryGrowth = new long[indexes.size()];
    this.shareGrowth = new long[indexes.size()];
    for (int at = 0; at < indexes.size(); at++) {
      maintain(at, committed);
    }
    this.needsDocuments =
        indexes.stream().anyMatch(index -> index.index().id() != IndexDefinition.PRIMARY_ORDER_ID);
    this.rows = state.rows();
    this.bytes = state.bytes();
    this.lastCommit = state.lastCommit();
  }

  /// A space of an index that a change of a row changes.
  ///
  /// @param share that of an ancestor; null for the own one
  /// @param at the index's place
  private record Maintained(
      IndexMaintenance maintenance, IndexState.@Nullable Inherited share, int at) {

    /// Whether a read finds a change of this timestamp here. What was prepared before the own space
    /// was complete may commit after that, with a timestamp before.
    boolean concerns(PrimaryKey row, Timestamp change) {
      return share == null
          || ((share.until() == null || change.isBefore(share.until())) && share.concerns(row));
    }
  }

  private void maintain(int at, StorageReader committed) {
    IndexState index = indexes.get(at);
    IndexDefinition definition = index.index();
    Bounds bounds = descriptor.bounds();
    if (bounds.divides(definition)) {
      return; // its entries lie elsewhere
    }
    // Older ones were over before anything was prepared here: nothing is while a split is made.
    for (IndexState.Inherited share : index.sharesAtBirth()) {
      IndexKeys shared = keys.index(definition, share.space());
      maintenance.add(
          new Maintained(
              new IndexMaintenance(definition, false, shared, bounds, committed), share, at));
    }
    IndexKeys own = keys.index(definition);
    maintenance.add(
        new Maintained(
            new IndexMaintenance(definition, index.isBuilding(), own, bounds, committed),
            null,
            at));
  }

  Response apply(TimedWrite write) {
    Response.Refusal refusal = refusal(write.epoch(), write.timestamp(), write.mutations());
    if (refusal != null) {
      return refusal;
    }
    HeldTransaction blocker =
        locks.isEmpty()
            ? null
            : locks.blocker(
                new LockTable.Intent(
                    null,
                    LockTable.Intent.rows(write.mutations()),
                    null,
                    () -> footprint(write.mutations())));
    if (blocker != null) {
      return new Response.Locked(blocker.id());
    }
    passed(write.timestamp());
    return new Response.Writes(write.atomic() ? applyAtomically(write) : applyEach(write));
  }

  /// The state with the counters as the writes applied here have left them.
  PartitionState counted(PartitionState state) {
    PartitionState counted = state.withCounters(rows, bytes, lastCommit);
    for (int at = 0; at < entryGrowth.length; at++) {
      if (entryGrowth[at] != 0 || shareGrowth[at] != 0) {
        IndexState index = indexes.get(at);
        counted =
            counted.withIndex(
                index
                    .withEntries(index.entries() + entryGrowth[at])
                    .withShareGrown(shareGrowth[at]));
      }
    }
    return counted;
  }

  private Response.@Nullable Refusal refusal(
      Epoch epoch, Timestamp timestamp, List<Mutation> mutations) {
    if (!epoch.equals(descriptor.epoch())) {
      return new Response.WrongEpoch(descriptor);
    }
    if (!timestamp.isAfter(lastCommit)) {
      // Proposed by a leader that was deposed and has come back since it got the timestamp.
      return new Response.Unavailable("The leader has changed");
    }
    for (Mutation mutation : mutations) {
      if (!descriptor.bounds().contains(mutation.key())) {
        return new Response.OutOfBounds(mutation.key());
      }
    }
    return null;
  }

  /// Why a transaction's part cannot be looked at, null if it can.
  Response.@Nullable Refusal refusal(Request.Prepare prepare, Timestamp timestamp) {
    Response.Refusal refusal = refusal(prepare.epoch(), timestamp, prepare.mutations());
    if (refusal == null) {
      for (PrimaryKey key : prepare.reads().keys()) {
        if (!descriptor.bounds().contains(key)) {
          return new Response.OutOfBounds(key);
        }
      }
    }
    return refusal;
  }

  /// Something with this timestamp has happened: what follows has later ones.
  void passed(Timestamp timestamp) {
    lastCommit = Timestamp.later(lastCommit, timestamp);
  }

  /// What keeps mutations from being written together, null if nothing does.
  ///
  /// @param claims the unique indexes in which their terms are claimed
  @Nullable List<MutationResult> problems(List<Mutation> mutations, Set<Long> claims) {
    List<Plan> plans = plans(mutations, Timestamp.MAX, entries.child(), claims);
    return isPossible(plans) ? null : problemsOf(plans);
  }

  /// Writes mutations that have no [#problems].
  void commit(List<Mutation> mutations, Timestamp timestamp) {
    EntryOverlay own = entries.child();
    for (Plan plan : plans(mutations, timestamp, own, null)) {
      if (!(plan instanceof RowChange change)) {
        throw new IllegalStateException("what was prepared cannot be written: " + plan);
      }
      change(change, timestamp);
    }
    entries.absorb(own);
    passed(timestamp);
  }

  /// What mutations touch in indexes.
  Footprint footprint(List<Mutation> mutations) {
    if (!needsDocuments || mutations.isEmpty()) {
      return Footprint.NONE;
    }
    var touched = new HashSet<Key>();
    var terms = new HashSet<Key>();
    for (Mutation mutation : mutations) {
      Version before = batch.get(keys.row(mutation.key()));
      byte[] bytesBefore = before == null ? null : before.value();
      touch(mutation.key(), bytesBefore == null ? null : JsonBytes.of(bytesBefore), touched, null);
      touch(mutation.key(), mutation.document(), touched, terms);
    }
    return new Footprint(touched, terms);
  }

  private void touch(
      PrimaryKey key, @Nullable JsonBytes document, Set<Key> touched, @Nullable Set<Key> terms) {
    if (document == null) {
      return;
    }
    try {
      ObjectNode fields = JsonData.document(document);
      for (IndexState index : indexes) {
        if (index.index().id() == IndexDefinition.PRIMARY_ORDER_ID
            || descriptor.bounds().divides(index.index())) {
          continue;
        }
        IndexKeys entryKeys = keys.index(index.index());
        for (IndexEntry entry : IndexEntries.of(index.index(), key, fields)) {
          touched.add(entryKeys.key(entry.position()));
          if (terms != null && index.index().uniqueInside() && !entry.hasNullTerm()) {
            terms.add(entryKeys.sameTerms(entry.position()));
          }
        }
      }
    } catch (DatabaseException _) {
      // A document without possible entries: as a new one it is refused for that.
    }
  }

  private List<MutationResult> applyEach(TimedWrite write) {
    var results = new ArrayList<MutationResult>();
    for (Mutation mutation : write.mutations()) {
      EntryOverlay own = entries.child();
      Plan plan = plan(mutation, write.timestamp(), own, Set.of());
      if (plan instanceof RowChange change) {
        entries.absorb(own);
        change(change, write.timestamp());
      }
      results.add(result(plan, write.timestamp()));
    }
    return results;
  }

  private List<MutationResult> applyAtomically(TimedWrite write) {
    EntryOverlay own = entries.child();
    List<Plan> plans = plans(write.mutations(), write.timestamp(), own, Set.of());
    if (!isPossible(plans)) {
      return problemsOf(plans);
    }
    entries.absorb(own);
    var results = new ArrayList<MutationResult>();
    for (Plan plan : plans) {
      if (plan instanceof RowChange change) {
        change(change, write.timestamp());
      }
      results.add(result(plan, write.timestamp()));
    }
    return results;
  }

  /// @param claims the unique indexes in which the terms are claimed; null where that was seen to
  private List<Plan> plans(
      List<Mutation> mutations, Timestamp timestamp, EntryOverlay own, @Nullable Set<Long> claims) {
    return mutations.stream().map(mutation -> plan(mutation, timestamp, own, claims)).toList();
  }

  private static boolean isPossible(List<Plan> plans) {
    return plans.stream().allMatch(RowChange.class::isInstance);
  }

  private static List<MutationResult> problemsOf(List<Plan> plans) {
    return plans.stream()
        .map(plan ->
            plan instanceof Refused(MutationResult why) ? why : new MutationResult.NotApplied())
        .toList();
  }

  /// What a mutation comes to.
  private sealed interface Plan {}

  /// The row changes.
  ///
  /// @param before null if there is no row
  /// @param entries for each space that is maintained
  private record RowChange(
      PrimaryKey key,
      Key row,
      @Nullable Version before,
      @Nullable JsonBytes document,
      List<List<EntryChange>> entries)
      implements Plan {}

  private record Refused(MutationResult why) implements Plan {}

  private static MutationResult result(Plan plan, Timestamp timestamp) {
    return switch (plan) {
      case RowChange change -> new MutationResult.Written(timestamp, change.before() != null);
      case Refused(MutationResult why) -> why;
    };
  }

  private Plan plan(
      Mutation mutation, Timestamp timestamp, EntryOverlay own, @Nullable Set<Long> claims) {
    Key row = keys.row(mutation.key());
    Version before = batch.get(row);
    if (before != null && before.isDeleted()) {
      before = null;
    }
    if (!holds(mutation.precondition(), before)) {
      if (mutation.document() == null && mutation.precondition() instanceof Mutation.IfAbsentOr) {
        return new RowChange(mutation.key(), row, null, null, List.of());
      }
      return new Refused(new MutationResult.Conflict(before == null ? null : before.timestamp()));
    }
    try {
      return planEntries(mutation, timestamp, row, before, own, claims);
    } catch (DatabaseException e) {
      return new Refused(new MutationResult.Invalid(e.code(), e.getMessage()));
    }
  }

  private static boolean holds(Mutation.Precondition precondition, @Nullable Version before) {
    return switch (precondition) {
      case Mutation.Always() -> true;
      case Mutation.IfAbsent() -> before == null;
      case Mutation.IfPresent() -> before != null;
      case Mutation.IfVersion(Timestamp version) ->
          before != null && before.timestamp().equals(version);
      case Mutation.IfAbsentOr(JsonBytes document) ->
          before == null || Arrays.equals(before.value(), document.bytes());
    };
  }

  private Plan planEntries(
      Mutation mutation,
      Timestamp timestamp,
      Key row,
      @Nullable Version before,
      EntryOverlay own,
      @Nullable Set<Long> claims) {
    JsonBytes document = mutation.document();
    if (indexes.isEmpty()) {
      return new RowChange(mutation.key(), row, before, document, List.of());
    }
    byte[] bytesBefore = before == null ? null : before.value();
    ObjectNode fieldsBefore = bytesBefore == null ? null : fieldsBefore(bytesBefore);
    ObjectNode fieldsAfter = document == null ? null : fields(document);
    if (claims != null) {
      for (IndexState index : indexes) {
        if (needsClaim(index.index(), claims, mutation.key(), fieldsBefore, fieldsAfter)) {
          return new Refused(new MutationResult.Unclaimed(index.index().id()));
        }
      }
    }
    var changes = new ArrayList<List<EntryChange>>();
    for (Maintained one : maintenance) {
      if (!one.concerns(mutation.key(), timestamp)) {
        changes.add(List.of());
        continue;
      }
      List<EntryChange> change =
          one.maintenance().changes(mutation.key(), fieldsBefore, fieldsAfter, own);
      if (change == null) {
        IndexDefinition index = indexes.get(one.at()).index();
        return new Refused(new MutationResult.UniqueViolation(index.id(), index.name()));
      }
      changes.add(change);
    }
    return new RowChange(
        mutation.key(), row, before, document, Collections.unmodifiableList(changes));
  }

  /// Whether the terms in a unique index change that nobody has claimed: other rows with the same
  /// terms may lie in other Partitions, so this one cannot tell. Or columns of an index change
  /// whose joint rows nobody sees to.
  private boolean needsClaim(
      IndexDefinition index,
      Set<Long> claims,
      PrimaryKey key,
      @Nullable ObjectNode before,
      @Nullable ObjectNode after) {
    if (claims.contains(index.id())) {
      return false;
    }
    if (descriptor.bounds().divides(index)) {
      return !JointRows.areSame(index, before, after);
    }
    return index.claims()
        && !UniqueTerms.of(index, key, before).equals(UniqueTerms.of(index, key, after));
  }

  /// What was stored while nothing looked into it may be no object; it has no fields then.
  private ObjectNode fieldsBefore(byte[] document) {
    try {
      return fields(JsonBytes.of(document));
    } catch (DatabaseException _) {
      return NO_FIELDS;
    }
  }

  private ObjectNode fields(JsonBytes document) {
    return needsDocuments ? JsonData.document(document) : NO_FIELDS;
  }

  private void change(RowChange change, Timestamp timestamp) {
    Version before = change.before();
    byte[] bytesBefore = before == null ? null : before.value();
    JsonBytes document = change.document();
    if (bytesBefore != null) {
      count(-1, -(change.row().size() + bytesBefore.length));
    }
    if (document != null) {
      count(1, change.row().size() + document.size());
      batch.put(change.row(), timestamp, document.bytes());
    } else if (bytesBefore != null) {
      batch.delete(change.row(), timestamp);
    }
    if (document != null || bytesBefore != null) {
      recentChanges.add(change.key(), timestamp);
    }
    for (int at = 0; at < change.entries().size(); at++) {
      for (EntryChange entry : change.entries().get(at)) {
        entry.writeTo(batch, timestamp);
        Maintained one = maintenance.get(at);
        (one.share() == null ? entryGrowth : shareGrowth)[one.at()] += entry.growth();
      }
    }
  }

  private void count(long moreRows, long moreBytes) {
    rows += moreRows;
    bytes += moreBytes;
  }
}
