package dev.partita.node.transaction;

import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Response;
import dev.partita.node.routing.Router;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A write of a document, or of some of its columns, in one attempt of a transaction. Immutable.
///
/// @param looked where rows are read before: they must be unchanged when the transaction commits
public record DocumentWrite(
    DocumentRows rows, Mutation mutation, List<PartitionDescriptor> looked) {

  public DocumentWrite {
    looked = List.copyOf(looked);
  }

  /// Looks at all rows if the write depends on them, else at those that unique or joint indexes may
  /// have to be told of.
  public static DocumentWrite of(Router router, DocumentRows rows, Mutation mutation) {
    List<PartitionDescriptor> looked =
        rows.needsRows(mutation)
            ? rows.owners()
            : rows.owners().stream()
                .filter(owner -> isIndexedElsewhere(router, rows.collection(), owner))
                .toList();
    return new DocumentWrite(rows, mutation, looked);
  }

  /// Whether a change of a row may change something in other Partitions: claims, or joint rows.
  public static boolean isIndexedElsewhere(
      Router router, String collection, PartitionDescriptor owner) {
    return router.uniqueIndexes(collection).stream().anyMatch(owner.bounds()::hasFieldsOf)
        || (owner.columnGroup() > 0
            && router.jointIndexes(collection).stream()
                .anyMatch(joint -> owner.bounds().divides(joint.definition())));
  }

  /// Has those rows read that have to be looked at.
  public void lookAt(RowsAt before) {
    looked.forEach(owner -> before.want(owner, rows.key()));
  }

  /// The document that the condition of the write does not hold for; null if it does, or if that is
  /// found out where the row is.
  public Response.@Nullable Row conflict(RowsAt before) {
    if (!rows.needsRows(mutation)) {
      return null;
    }
    Response.Row present = before.document(rows);
    return DocumentRows.holds(mutation.precondition(), present.version()) ? null : present;
  }

  /// Adds what it reads and writes to the transaction.
  public void addTo(TransactionParts parts, RowsAt before) {
    List<Mutation> mutations = mutations(before);
    for (int at = 0; at < mutations.size(); at++) {
      parts.write(rows.owners().get(at), mutations.get(at));
    }
    looked.forEach(owner -> parts.read(owner, rows.key()));
  }

  /// One for each owner of its rows.
  public List<Mutation> mutations(RowsAt before) {
    Map<PartitionDescriptor, Response.Row> found = new LinkedHashMap<>();
    looked.forEach(owner -> found.put(owner, before.row(owner, rows.key())));
    return rows.mutations(mutation, found);
  }

  /// The rows that unique and joint indexes have to be told of.
  public List<ClaimPlan.Row> claims(RowsAt before) {
    List<ClaimPlan.Row> claims = new ArrayList<>();
    List<Mutation> mutations = mutations(before);
    for (int at = 0; at < mutations.size(); at++) {
      PartitionDescriptor owner = rows.owners().get(at);
      if (looked.contains(owner)) {
        claims.add(
            new ClaimPlan.Row(
                rows.collection(),
                owner,
                rows.key(),
                before.row(owner, rows.key()).document(),
                mutations.get(at).document()));
      }
    }
    return claims;
  }
}
