package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogContent.Header;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.StorageReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/// The rows that a catalog is stored as: records of the node's storage with keys
/// `catalog/<table>/<id>`, each one entry in the form of [CatalogCodec], and one row for what is
/// single. A change writes only the rows that differ.
@SuppressWarnings("ReferenceEquality") // a change shares the maps that it does not touch
final class CatalogRows {
  private static final Key HEADER = key("header");
  private static final KeyRange ROWS = KeyRange.prefix(key("t/"));
  private static final String NODE = "t/node/";
  private static final String COLLECTION = "t/collection/";
  private static final String PARTITION = "t/partition/";
  private static final String INDEX = "t/index/";
  private static final String OPERATION = "t/operation/";
  private static final String REQUEST = "t/request/";
  private static final String USER = "t/user/";
  private static final String TOKEN = "t/token/";
  private static final String RECOVERY = "t/recovery/";

  private CatalogRows() {}

  static Key key(String suffix) {
    return Key.wrap(("catalog/" + suffix).getBytes(StandardCharsets.UTF_8));
  }

  /// Writes what makes `after` out of `before`.
  static void write(Batch batch, Catalog before, Catalog after) {
    if (!Header.of(after).equals(Header.of(before))) {
      batch.putMeta(HEADER, CatalogCodec.encode(Header.of(after)));
    }
    write(batch, NODE, before.nodes(), after.nodes());
    write(batch, COLLECTION, before.collections(), after.collections());
    if (before.partitions() != after.partitions()) {
      write(batch, PARTITION, byId(before), byId(after));
    }
    write(batch, INDEX, before.indexes(), after.indexes());
    write(batch, OPERATION, before.operations(), after.operations());
    write(batch, REQUEST, before.requests(), after.requests());
    write(batch, USER, before.accounts().users(), after.accounts().users());
    write(batch, TOKEN, before.accounts().tokens(), after.accounts().tokens());
    write(batch, RECOVERY, before.recoveries(), after.recoveries());
  }

  private static Map<Object, PartitionEntry> byId(Catalog catalog) {
    Map<Object, PartitionEntry> entries = new TreeMap<>();
    catalog.partitions().all().forEach(entry -> entries.put(entry.id(), entry));
    return entries;
  }

  private static void write(Batch batch, String table, Map<?, ?> before, Map<?, ?> after) {
    if (before == after) {
      return;
    }
    after.forEach((id, entry) -> {
      if (!Objects.equals(before.get(id), entry)) {
        batch.putMeta(key(table + id), CatalogCodec.encode(entry));
      }
    });
    before.keySet().stream()
        .filter(id -> !after.containsKey(id))
        .forEach(id -> batch.deleteMeta(key(table + id)));
  }

  /// Removes all rows.
  static void clear(Batch batch) {
    batch.deleteRange(Family.META, ROWS);
    batch.deleteMeta(HEADER);
  }

  /// Reads the catalog that the rows make.
  static Catalog read(StorageReader storage) {
    byte[] header = storage.meta(HEADER);
    if (header == null) {
      return Catalog.EMPTY;
    }
    SortedMap<Key, byte[]> rows = storage.metaRange(ROWS);
    return new CatalogContent(
            CatalogCodec.decode(header, Header.class),
            entries(rows, NODE, NodeEntry.class),
            entries(rows, COLLECTION, CollectionEntry.class),
            entries(rows, PARTITION, PartitionEntry.class),
            entries(rows, INDEX, IndexEntry.class),
            entries(rows, OPERATION, OperationEntry.class),
            entries(rows, REQUEST, ResourceRequest.class),
            entries(rows, USER, UserEntry.class),
            entries(rows, TOKEN, TokenEntry.class),
            entries(rows, RECOVERY, RecoveryEntry.class))
        .toCatalog();
  }

  private static <T> List<T> entries(SortedMap<Key, byte[]> rows, String table, Class<T> type) {
    Key prefix = key(table);
    return rows.entrySet().stream()
        .filter(row -> row.getKey().startsWith(prefix))
        .map(row -> CatalogCodec.decode(row.getValue(), type))
        .toList();
  }
}
