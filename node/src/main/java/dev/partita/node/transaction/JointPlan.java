package dev.partita.node.transaction;

import dev.partita.node.index.JointRows;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.routing.JointIndex;
import dev.partita.node.routing.Router;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a transaction has to write, beside documents, for indexes whose fields lie in several
/// column groups: the joint rows of those documents of which it changes such fields.
///
/// What a joint row is to be is told by the rows that are written and by the joint row as it is,
/// which has what the other groups have: nothing if there is none. It is read at the timestamp of
/// the transaction's other reads and must be unchanged when it commits; so of two transactions that
/// write different groups of one document, the second one has seen what the first one has written,
/// or begins again.
///
/// While an index is being made, a document may have no joint row yet, or one that lacks something.
/// What is written then lacks it as well, until [JointBuilder] comes to that document.
///
/// For one thread at a time.
public final class JointPlan {

  /// A joint row on its way.
  ///
  /// @param written the rows of this document that have fields of the index
  private record Change(JointIndex index, PrimaryKey key, List<ClaimPlan.Row> written) {}

  private record Document(String collection, PrimaryKey key) {}

  private final List<ClaimPlan.Row> rows = new ArrayList<>();
  private final Map<PartitionDescriptor, List<Long>> told = new LinkedHashMap<>();
  private final Map<PartitionDescriptor, List<PrimaryKey>> read = new LinkedHashMap<>();

  private JointPlan() {}

  /// Plans for rows that a transaction writes.
  ///
  /// @param before reads at the timestamp that the rows before were read at
  /// @throws dev.partita.node.error.DatabaseException if a partition cannot answer
  public static JointPlan of(Router router, List<ClaimPlan.Row> written, RowsAt before) {
    var plan = new JointPlan();
    List<Change> changes = plan.changes(router, written);
    changes.forEach(change -> before.want(change.index().partition(), change.key()));
    before.read();
    changes.forEach(change -> plan.add(change, before));
    return plan;
  }

  private List<Change> changes(Router router, List<ClaimPlan.Row> written) {
    Map<Document, List<ClaimPlan.Row>> documents = new LinkedHashMap<>();
    for (ClaimPlan.Row row : written) {
      documents
          .computeIfAbsent(new Document(row.collection(), row.key()), _ -> new ArrayList<>())
          .add(row);
    }
    Map<String, List<JointIndex>> indexes = new LinkedHashMap<>();
    List<Change> changes = new ArrayList<>();
    documents.forEach((document, all) -> {
      for (JointIndex index :
          indexes.computeIfAbsent(document.collection(), router::jointIndexes)) {
        List<ClaimPlan.Row> concerned =
            all.stream().filter(row -> row.owner().bounds().divides(index.definition())).toList();
        concerned.forEach(row ->
            told.computeIfAbsent(row.owner(), _ -> new ArrayList<>()).add(index.definition().id()));
        if (concerned.stream()
            .anyMatch(row -> !JointRows.areSame(index.definition(), row.before(), row.after()))) {
          changes.add(new Change(index, document.key(), concerned));
        }
      }
    });
    return changes;
  }

  private void add(Change change, RowsAt before) {
    PrimaryKey key = change.key();
    JointIndex index = change.index();
    JsonBytes present = before.row(index.partition(), key).document();
    read.computeIfAbsent(index.partition(), _ -> new ArrayList<>()).add(key);
    rows.add(
        new ClaimPlan.Row(
            index.partition().collection(),
            index.partition(),
            key,
            present,
            JointRows.of(index.definition(), whole(change, present))));
  }

  /// The document as far as the index is concerned; null if it is deleted, which is done to all of
  /// its rows at once.
  private static @Nullable JsonBytes whole(Change change, @Nullable JsonBytes present) {
    List<JsonBytes> parts = new ArrayList<>();
    change.written().stream()
        .map(ClaimPlan.Row::after)
        .filter(Objects::nonNull)
        .forEach(parts::add);
    if (parts.isEmpty()) {
      return null;
    }
    if (present != null) {
      List<String> replaced = new ArrayList<>();
      change.written().forEach(row -> replaced.addAll(ColumnGroups.columns(row.owner())));
      parts.addFirst(without(present, replaced));
    }
    return JsonColumns.join(parts);
  }

  private static JsonBytes without(JsonBytes document, List<String> columns) {
    return JsonColumns.replace(document, columns, JsonBytes.of("{}"));
  }

  /// The joint rows, of which unique indexes have to be told as of other rows.
  public List<ClaimPlan.Row> rows() {
    return rows;
  }

  /// Adds them to what the transaction reads and writes.
  public void addTo(TransactionParts parts) {
    told.forEach((owner, indexes) -> indexes.forEach(index -> parts.claims(owner, index)));
    read.forEach((partition, keys) -> keys.forEach(key -> parts.read(partition, key)));
    for (ClaimPlan.Row row : rows) {
      parts.write(row.owner(), new Mutation(row.key(), row.after(), new Mutation.Always()));
    }
  }

  /// Whether a Partition takes part for its joint rows.
  boolean concerns(PartitionId partition) {
    return rows.stream().anyMatch(row -> row.owner().id().equals(partition));
  }

  /// The documents whose joint rows are written to a Partition, in their order there.
  List<PrimaryKey> keys(PartitionId partition) {
    return rows.stream()
        .filter(row -> row.owner().id().equals(partition))
        .map(ClaimPlan.Row::key)
        .toList();
  }
}
