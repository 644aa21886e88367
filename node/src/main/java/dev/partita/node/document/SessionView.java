package dev.partita.node.document;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JointRows;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import dev.partita.node.partition.Response;
import dev.partita.node.query.Document;
import dev.partita.node.query.IndexHit;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.query.Order;
import dev.partita.node.query.Page;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.DocumentRows;
import dev.partita.node.transaction.LookedThrough;
import dev.partita.node.transaction.RowsAt;
import dev.partita.node.transaction.TransactionParts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a transaction sees: the database at its moment, with its own writes. It notes what was
/// read, unless the transaction is read-only. For one thread at a time.
final class SessionView {
  private final Router router;
  private final Queries queries;
  private final ReadMoment moment;
  private final boolean readOnly;
  private final OwnWrites own = new OwnWrites();
  private final LookedThrough through;
  private TransactionParts parts = new TransactionParts();

  SessionView(Router router, Queries queries, ReadMoment moment, boolean readOnly) {
    this.router = router;
    this.queries = queries;
    this.moment = moment;
    this.readOnly = readOnly;
    this.through = new LookedThrough(router);
  }

  /// What was read and is to be written.
  TransactionParts parts() {
    return parts;
  }

  OwnWrites own() {
    return own;
  }

  /// Where documents were looked for.
  LookedThrough through() {
    return through;
  }

  /// Forgets everything.
  void clear() {
    parts = new TransactionParts();
    own.clear();
    through.clear();
    moment.clear();
  }

  /// A document, null if there is none.
  ///
  /// @param columns null for all
  @Nullable Document read(
      String collection, PrimaryKey key, @Nullable List<String> columns, Deadline deadline) {
    DocumentRows rows = through.readable(collection, key, columns, moment.at(), deadline);
    if (rows.owners().isEmpty() && !readOnly) {
      through.missing(collection, key);
      moment.saw(new SessionLocks.Place(collection, key, 0), null);
    }
    return document(rows, look(rows, Map.of(), deadline));
  }

  /// A document of these rows, null if none is there.
  static @Nullable Document document(
      DocumentRows rows, Map<PartitionDescriptor, Response.Row> found) {
    Response.Row row =
        rows.join(
            rows.owners().stream()
                .map(owner -> found.getOrDefault(owner, new Response.Row(null, null)))
                .toList());
    Timestamp version = row.version();
    return version == null || row.document() == null
        ? null
        : new Document(rows.key(), version, row.document());
  }

  /// Rows as the transaction sees them.
  ///
  /// @param known those that were found already
  Map<PartitionDescriptor, Response.Row> look(
      DocumentRows rows, Map<PartitionDescriptor, Response.Row> known, Deadline deadline) {
    Map<PartitionDescriptor, Response.Row> found = new HashMap<>(known);
    var others = new RowsAt(router, moment.at(), deadline);
    List<PartitionDescriptor> reading = new ArrayList<>();
    for (PartitionDescriptor owner : rows.owners()) {
      Response.Row mine = own.row(rows.collection(), rows.key(), owner.columnGroup());
      if (mine != null) {
        found.put(owner, mine);
      } else if (!found.containsKey(owner)) {
        reading.add(owner);
        others.want(owner, rows.key());
        if (!readOnly) {
          parts.read(owner, rows.key());
        }
      }
    }
    others.read();
    for (PartitionDescriptor owner : reading) {
      Response.Row row = others.row(owner, rows.key());
      found.put(owner, row);
      if (!readOnly) {
        moment.saw(SessionLocks.Place.of(rows, owner), row.version());
      }
    }
    return found;
  }

  /// Reads the first documents of a range.
  ///
  /// @param query without cursor and timestamp
  /// @return without cursors; `after` is something if there are more
  Found range(RangeQuery query, Deadline deadline) {
    String collection = query.collection();
    List<PartitionDescriptor> groups =
        through.groups(collection, query.columns(), moment.at(), deadline);
    Set<PrimaryKey> mine = own.keys(collection);
    List<Document> found = new ArrayList<>();
    RangeQuery next = query.withAt(moment.at());
    String cursor = null;
    do {
      Page<Document> page = queries.range(next.withCursor(cursor), deadline);
      page.data().stream().filter(document -> !mine.contains(document.key())).forEach(found::add);
      cursor = page.after();
      next = next.withAt(null);
    } while (cursor != null && found.size() <= query.limit());
    if (!readOnly) {
      noteRange(query, groups, found, cursor != null);
    }
    for (PrimaryKey key : mine) {
      Document document =
          isInside(query, key) ? read(collection, key, query.columns(), deadline) : null;
      if (document != null) {
        found.add(document);
      }
    }
    Comparator<Document> byKey = Comparator.comparing(Document::key);
    found.sort(query.order() == Order.ASCENDING ? byKey : byKey.reversed());
    boolean more = cursor != null || found.size() > query.limit();
    return new Found(found.subList(0, Math.min(found.size(), query.limit())), more);
  }

  /// What a range had.
  record Found(List<Document> documents, boolean more) {}

  private static boolean isInside(RangeQuery query, PrimaryKey key) {
    PrimaryKey start = query.start();
    PrimaryKey end = query.end();
    return (start == null || start.compareTo(key) <= 0) && (end == null || key.compareTo(end) < 0);
  }

  /// What was looked through: up to the last document that was found, if there are more.
  ///
  /// @param groups where, if the collection is divided by columns
  private void noteRange(
      RangeQuery query,
      @Nullable List<PartitionDescriptor> groups,
      List<Document> found,
      boolean more) {
    moment.lookedThrough();
    PrimaryKey start = query.start();
    PrimaryKey end = query.end();
    if (more && !found.isEmpty()) {
      PrimaryKey last = found.getLast().key();
      List<PartitionDescriptor> owners =
          groups == null ? List.of(router.owner(query.collection(), last)) : groups;
      owners.forEach(owner -> parts.read(owner, last));
      if (query.order() == Order.ASCENDING) {
        end = last;
      } else {
        start = last;
      }
    }
    if (start != null && end != null && start.compareTo(end) >= 0) {
      return;
    }
    var range = new ReadSet.Rows(start, end);
    if (groups != null) {
      groups.forEach(group -> parts.read(group, range));
      return;
    }
    through.rows(query.collection(), start, end);
    var bounds =
        new Bounds.Range(
            start == null ? null : Datum.of(start.parts()),
            end == null ? null : Datum.of(end.parts()));
    for (PartitionDescriptor partition : router.partitions(query.collection())) {
      if (!partition.bounds().isRange() || partition.bounds().overlaps(bounds)) {
        parts.read(partition, range);
      }
    }
  }

  /// Reads the first entries of an index.
  ///
  /// @param query without cursor and timestamp
  /// @param readable the collection in which the client may read; an index of another one does not
  ///   exist for it
  Entries index(IndexQuery query, String readable, Deadline deadline) {
    IndexDefinition index = router.index(query.index());
    if (index == null || !index.collection().equals(readable)) {
      throw new DatabaseException(ErrorCode.UNKNOWN_INDEX, "the index does not exist")
          .with("index", query.index());
    }
    List<PartitionDescriptor> partitions = partitions(query, index, deadline);
    List<Mutation> rows =
        partitions.isEmpty() ? List.of() : written(index, partitions.getFirst(), deadline);
    Set<PrimaryKey> mine = rows.stream().map(Mutation::key).collect(Collectors.toSet());
    List<IndexHit> found = new ArrayList<>();
    IndexQuery next = query.withAt(moment.at());
    String cursor = null;
    do {
      Page<IndexHit> page = queries.index(next.withCursor(cursor), deadline);
      page.data().stream().filter(hit -> !mine.contains(hit.key())).forEach(found::add);
      cursor = page.after();
      next = next.withAt(null);
    } while (cursor != null && found.size() < query.limit());
    if (!readOnly) {
      moment.lookedThrough();
      var entries = new ReadSet.Entries(index.id(), query.terms(), null, null);
      partitions.forEach(partition -> parts.read(partition, entries));
    }
    OwnWrites.addEntries(query, index, partitions, rows, found);
    if (query.documents()) {
      found.replaceAll(hit -> withDocument(hit, index.collection(), query, deadline));
    }
    Comparator<IndexHit> byPosition = Comparator.comparing(IndexHit::position);
    found.sort(query.order() == Order.ASCENDING ? byPosition : byPosition.reversed());
    boolean more = cursor != null || found.size() > query.limit();
    return new Entries(found.subList(0, Math.min(found.size(), query.limit())), more);
  }

  /// The rows written here that have entries in a partition: of a joint index the joint rows, as
  /// they will be.
  private List<Mutation> written(
      IndexDefinition index, PartitionDescriptor partition, Deadline deadline) {
    String collection = index.collection();
    ColumnGroups groups = router.columnGroups(collection);
    if (partition.collection().equals(collection) || groups == null) {
      return own.rows(collection, partition.columnGroup());
    }
    List<String> columns = new ArrayList<>(index.columns());
    columns.removeAll(groups.lacking(columns));
    List<Mutation> rows = new ArrayList<>();
    for (PrimaryKey key : own.keys(collection)) {
      if (groups.all().stream()
          .filter(group -> group.bounds().divides(index))
          .anyMatch(group -> own.row(collection, key, group.columnGroup()) != null)) {
        Document document = read(collection, key, columns, deadline);
        JsonBytes row = JointRows.of(index, document == null ? null : document.json());
        rows.add(new Mutation(key, row, new Mutation.Always()));
      }
    }
    return rows;
  }

  /// What an index had.
  record Entries(List<IndexHit> hits, boolean more) {}

  /// The partitions that a query of an index looks into.
  private List<PartitionDescriptor> partitions(
      IndexQuery query, IndexDefinition index, Deadline deadline) {
    String named = query.partition();
    List<PartitionDescriptor> concerned =
        named == null
            ? router.partitions(index)
            : router.leaves(named).stream()
                .filter(partition -> partition.bounds().hasFieldsOf(index))
                .toList();
    if (!readOnly && (named == null || isFamily(named))) {
      if (router.columnGroups(index.collection()) == null) {
        through.entries(
            index.collection(), new ReadSet.Entries(index.id(), query.terms(), null, null));
      } else if (concerned.isEmpty() || router.jointIndex(index) != null) {
        // A group that has fields may come.
        var _ = through.groups(index.collection(), null, moment.at(), deadline);
      }
    }
    return concerned;
  }

  private boolean isFamily(String partition) {
    PartitionDescriptor named = router.partition(partition);
    return named != null && named.bounds() instanceof Bounds.Family;
  }

  /// A hit with its document as the transaction sees it, which it has read from now on.
  private IndexHit withDocument(
      IndexHit hit, String collection, IndexQuery query, Deadline deadline) {
    Document document = hit.document();
    if (document == null || own.keys(collection).contains(hit.key())) {
      document = read(collection, hit.key(), query.columns(), deadline);
    } else if (!readOnly) {
      DocumentRows rows =
          through.readable(collection, hit.key(), query.columns(), moment.at(), deadline);
      rows.owners().forEach(owner -> parts.read(owner, hit.key()));
    }
    return new IndexHit(hit.position(), hit.key(), hit.values(), document);
  }
}
