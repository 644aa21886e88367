package dev.partita.node.partition;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Key;
import dev.partita.node.partition.PartitionCommand.TimedWrite;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
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
  private final List<IndexMaintenance> maintenance = new ArrayList<>();
  private final long[] entryGrowth;
  private final boolean needsDocuments;

  private long rows;
  private long bytes;
  private Timestamp lastCommit;

  /// Begins on a state that has a descriptor, with what is committed to the store up to it.
  WriteApplier(
      StorageReader committed, Batch batch, PartitionState state, PartitionDescriptor descriptor) {
    this.batch = batch;
    this.descriptor = descriptor;
    this.keys = new PartitionKeys(descriptor);
    this.entries = new EntryOverlay(committed);
    this.indexes = state.indexes().stream().filter(IndexState::isMaintained).toList();
    indexes.forEach(index ->
        maintenance.add(new IndexMaintenance(index, keys.index(index.index()), committed)));
    this.entryGrowth = new long[indexes.size()];
    this.needsDocuments =
        indexes.stream().anyMatch(index -> index.index().id() != IndexDefinition.PRIMARY_ORDER_ID);
    this.rows = state.rows();
    this.bytes = state.bytes();
    this.lastCommit = state.lastCommit();
  }

  Response apply(TimedWrite write) {
    Response.Refusal refusal = refusal(write);
    if (refusal != null) {
      return refusal;
    }
    lastCommit = write.timestamp();
    return new Response.Writes(write.atomic() ? applyAtomically(write) : applyEach(write));
  }

  /// The state with the counters as the writes applied here have left them.
  PartitionState counted(PartitionState state) {
    PartitionState counted = state.withCounters(rows, bytes, lastCommit);
    for (int at = 0; at < entryGrowth.length; at++) {
      if (entryGrowth[at] != 0) {
        IndexState index = indexes.get(at);
        counted = counted.withIndex(index.withEntries(index.entries() + entryGrowth[at]));
      }
    }
    return counted;
  }

  private Response.@Nullable Refusal refusal(TimedWrite write) {
    if (!write.epoch().equals(descriptor.epoch())) {
      return new Response.WrongEpoch(descriptor);
    }
    if (!write.timestamp().isAfter(lastCommit)) {
      // Proposed by a leader that was deposed and has come back since it got the timestamp.
      return new Response.Unavailable("The leader has changed");
    }
    for (Mutation mutation : write.mutations()) {
      if (!descriptor.bounds().contains(mutation.key())) {
        return new Response.OutOfBounds(mutation.key());
      }
    }
    return null;
  }

  private List<MutationResult> applyEach(TimedWrite write) {
    var results = new ArrayList<MutationResult>();
    for (Mutation mutation : write.mutations()) {
      EntryOverlay own = entries.child();
      Plan plan = plan(mutation, own);
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
    var plans = new ArrayList<Plan>();
    boolean possible = true;
    for (Mutation mutation : write.mutations()) {
      Plan plan = plan(mutation, own);
      possible &= plan instanceof RowChange;
      plans.add(plan);
    }
    if (!possible) {
      return plans.stream()
          .map(plan ->
              plan instanceof Refused(MutationResult why) ? why : new MutationResult.NotApplied())
          .toList();
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

  /// What a mutation comes to.
  private sealed interface Plan {}

  /// The row changes.
  ///
  /// @param before null if there is no row
  /// @param entries for each index
  private record RowChange(
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

  private Plan plan(Mutation mutation, EntryOverlay own) {
    Key row = keys.row(mutation.key());
    Version before = batch.get(row);
    if (before != null && before.isDeleted()) {
      before = null;
    }
    if (!holds(mutation.precondition(), before)) {
      return new Refused(new MutationResult.Conflict(before == null ? null : before.timestamp()));
    }
    try {
      return planEntries(mutation, row, before, own);
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
    };
  }

  private Plan planEntries(Mutation mutation, Key row, @Nullable Version before, EntryOverlay own) {
    JsonBytes document = mutation.document();
    if (indexes.isEmpty()) {
      return new RowChange(row, before, document, List.of());
    }
    byte[] bytesBefore = before == null ? null : before.value();
    ObjectNode fieldsBefore = bytesBefore == null ? null : fieldsBefore(bytesBefore);
    ObjectNode fieldsAfter = document == null ? null : fields(document);
    var changes = new ArrayList<List<EntryChange>>();
    for (int at = 0; at < indexes.size(); at++) {
      List<EntryChange> change =
          maintenance.get(at).changes(mutation.key(), fieldsBefore, fieldsAfter, own);
      if (change == null) {
        IndexDefinition index = indexes.get(at).index();
        return new Refused(new MutationResult.UniqueViolation(index.id(), index.name()));
      }
      changes.add(change);
    }
    return new RowChange(row, before, document, Collections.unmodifiableList(changes));
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
      rows--;
      bytes -= change.row().size() + bytesBefore.length;
    }
    if (document != null) {
      rows++;
      bytes += change.row().size() + document.size();
      batch.put(change.row(), timestamp, document.bytes());
    } else if (bytesBefore != null) {
      batch.delete(change.row(), timestamp);
    }
    for (int at = 0; at < change.entries().size(); at++) {
      for (EntryChange entry : change.entries().get(at)) {
        entry.writeTo(batch, timestamp);
        entryGrowth[at] += entry.growth();
      }
    }
  }
}
