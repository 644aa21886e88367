package dev.partita.node.catalog;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A catalog as plain lists: the form of its snapshot, and what its stored rows are gathered into.
record CatalogContent(
    Header header,
    List<NodeEntry> nodes,
    List<CollectionEntry> collections,
    List<PartitionEntry> partitions,
    List<IndexEntry> indexes,
    List<OperationEntry> operations,
    List<ResourceRequest> requests,
    List<UserEntry> users,
    List<TokenEntry> tokens) {
  @SuppressWarnings("ConstantValue") // a snapshot of a version before users has none
  CatalogContent {
    users = users == null ? List.of() : List.copyOf(users);
    tokens = tokens == null ? List.of() : List.copyOf(tokens);
  }

  /// What a catalog has only one of.
  ///
  /// @param settings null while nobody has changed them
  record Header(
      long revision,
      long nextId,
      @Nullable String clusterId,
      TimestampWindow window,
      @Nullable DatabaseSettings settings) {
    static Header of(Catalog catalog) {
      DatabaseSettings settings = catalog.settings();
      return new Header(
          catalog.revision(),
          catalog.nextId(),
          catalog.clusterId(),
          catalog.window(),
          settings.equals(DatabaseSettings.DEFAULT) ? null : settings);
    }
  }

  static CatalogContent of(Catalog catalog) {
    return new CatalogContent(
        Header.of(catalog),
        List.copyOf(catalog.nodes().values()),
        List.copyOf(catalog.collections().values()),
        List.copyOf(catalog.partitions().all()),
        List.copyOf(catalog.indexes().values()),
        List.copyOf(catalog.operations().values()),
        List.copyOf(catalog.requests().values()),
        List.copyOf(catalog.accounts().users().values()),
        List.copyOf(catalog.accounts().tokens().values()));
  }

  Catalog toCatalog() {
    Catalog catalog =
        Catalog.EMPTY
            .withNextId(header.nextId())
            .withWindow(header.window())
            .withRevision(header.revision())
            .withPartitions(PartitionMap.of(partitions))
            .withAccounts(Accounts.of(users, tokens));
    if (header.settings() != null) {
      catalog = catalog.withSettings(header.settings());
    }
    if (header.clusterId() != null) {
      catalog = catalog.withClusterId(header.clusterId());
    }
    for (NodeEntry node : nodes) {
      catalog = catalog.withNode(node);
    }
    for (CollectionEntry collection : collections) {
      catalog = catalog.withCollection(collection);
    }
    for (IndexEntry index : indexes) {
      catalog = catalog.withIndex(index);
    }
    for (OperationEntry operation : operations) {
      catalog = catalog.withOperation(operation);
    }
    for (ResourceRequest request : requests) {
      catalog = catalog.withRequest(request);
    }
    return catalog;
  }
}
