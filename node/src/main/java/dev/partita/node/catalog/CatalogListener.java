package dev.partita.node.catalog;

/// Learns of each new catalog on this node.
@FunctionalInterface
public interface CatalogListener {
  /// The catalog has changed. Called in order, on the apply thread of the system partition or on
  /// the thread that registers the listener; must be quick.
  void changed(Catalog catalog);
}
