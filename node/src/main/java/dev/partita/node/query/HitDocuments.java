package dev.partita.node.query;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.PartitionCaller;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionDirectory;
import dev.partita.node.partition.Response;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.DocumentRows;
import dev.partita.node.transaction.RowsAt;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Brings the documents of an index's entries. An entry lies with its row: only where a collection
/// is divided by columns, other rows of a document have to be fetched from other groups, at the
/// timestamp of the entry; all of them where the index's fields lie in several groups, so that the
/// row beside the entry is a joint one. Safe for any thread; calls block.
final class HitDocuments {

  /// Documents whose rows are fetched at once: so few that what is not sent in the end, because the
  /// page is full, is no great loss.
  private static final int AT_ONCE = 32;

  private final PartitionDirectory directory;
  private final PartitionCaller caller;
  private final IndexDefinition index;
  private final boolean asked;
  private final @Nullable List<String> columns;
  private final Deadline deadline;

  HitDocuments(
      PartitionDirectory directory,
      PartitionCaller caller,
      IndexQuery query,
      IndexDefinition index,
      Deadline deadline) {
    this.directory = directory;
    this.caller = caller;
    this.index = index;
    this.asked = query.documents();
    this.columns = query.columns();
    this.deadline = deadline;
  }

  /// Whether the rows beside the entries of a partition are wanted.
  boolean areHere(PartitionDescriptor partition) {
    return asked
        && !isJoint(partition)
        && (partition.columnGroup() == 0
            || columns == null
            || DocumentRows.areAll(columns)
            || ColumnGroups.columns(partition).stream().anyMatch(columns::contains));
  }

  /// Whether some rows lie in other partitions than the entries. Then a timestamp has to be taken
  /// first: that of one partition's newest state may be older than what others have.
  boolean lieElsewhere(List<PartitionDescriptor> partitions) {
    return asked
        && partitions.stream().anyMatch(partition -> isJoint(partition) || lieElsewhere(partition));
  }

  private boolean lieElsewhere(PartitionDescriptor partition) {
    return partition.columnGroup() > 0
        && (columns == null
            || DocumentRows.areAll(columns)
            || !ColumnGroups.columns(partition).containsAll(columns));
  }

  private boolean isJoint(PartitionDescriptor partition) {
    return !partition.collection().equals(index.collection());
  }

  /// What a partition has answered, with documents. It may be short of some entries if their
  /// documents are large.
  Source.Piece<IndexHit> piece(
      PartitionDescriptor partition, List<Response.Entry> entries, boolean more, Timestamp readAt) {
    List<PartitionDescriptor> owners = owners(partition, readAt);
    List<Source.Item<IndexHit>> items = new ArrayList<>();
    long bytes = 0;
    for (int from = 0; from < entries.size(); from += AT_ONCE) {
      if (bytes >= Merge.PAGE_BYTES_MAX && !owners.equals(List.of(partition))) {
        return new Source.Piece<>(items, true);
      }
      List<Response.Entry> some = entries.subList(from, Math.min(entries.size(), from + AT_ONCE));
      var others = new RowsAt(caller, readAt, deadline);
      for (Response.Entry entry : some) {
        owners.stream()
            .filter(owner -> !owner.id().equals(partition.id()))
            .forEach(owner -> others.want(owner, entry.key()));
      }
      others.read();
      for (Response.Entry entry : some) {
        Source.Item<IndexHit> item = item(partition, entry, owners, others);
        items.add(item);
        bytes += item.sizeBytes();
      }
    }
    return new Source.Piece<>(items, more);
  }

  /// Where the rows of documents are, in the order of column groups; none if no document is wanted.
  private List<PartitionDescriptor> owners(PartitionDescriptor partition, Timestamp readAt) {
    if (!asked) {
      return List.of();
    }
    if (partition.columnGroup() == 0 && !isJoint(partition)) {
      return List.of(partition);
    }
    if (DocumentRows.areAll(columns)) {
      // The timestamp was there before: so every group that was written to up to it is known.
      directory.catchUp(readAt, deadline);
    }
    ColumnGroups groups =
        directory.columnGroups(index.collection(), columns == null ? List.of() : columns, deadline);
    return groups == null ? List.of(partition) : groups.having(columns);
  }

  private Source.Item<IndexHit> item(
      PartitionDescriptor partition,
      Response.Entry entry,
      List<PartitionDescriptor> owners,
      RowsAt others) {
    PrimaryKey key = entry.key();
    Response.Row joined =
        ColumnGroups.join(
            owners.stream()
                .map(owner ->
                    owner.id().equals(partition.id()) ? row(entry.row()) : others.row(owner, key))
                .toList());
    Timestamp version = joined.version();
    JsonBytes json = joined.document();
    Document document = null;
    if (version != null && json != null) {
      document =
          new Document(key, version, columns == null ? json : JsonColumns.project(json, columns));
    }
    return new Source.Item<>(
        entry.position(),
        new IndexHit(entry.position(), key, entry.values(), document),
        entry.values().size() + (document == null ? 0 : document.json().size()));
  }

  private static Response.Row row(Response.@Nullable Stored row) {
    return row == null
        ? new Response.Row(null, null)
        : new Response.Row(row.version(), row.document());
  }
}
