package dev.partita.node.catalog;

import dev.partita.node.config.HostPort;
import dev.partita.node.config.Place;
import dev.partita.node.raft.NodeId;

/// Makes catalogs for tests, and applies commands to them.
public final class CatalogMachines {
  private CatalogMachines() {}

  /// A catalog that knows the nodes 1 to `count` and nothing else.
  public static Catalog ofNodes(int count) {
    Catalog catalog = Catalog.EMPTY;
    for (int node = 1; node <= count; node++) {
      catalog =
          applied(
              catalog,
              new CatalogCommand.RegisterNode(
                  new NodeEntry(
                      new NodeId(node),
                      "n-" + node,
                      new Place("site", "", "", "", false),
                      new HostPort("h", node),
                      new HostPort("h", node),
                      NodeEntry.State.ACTIVE)));
    }
    return catalog;
  }

  /// The catalog after a command that it takes.
  public static Catalog applied(Catalog before, CatalogCommand command) {
    CatalogRules.Transition transition = CatalogRules.apply(before, command);
    if (transition.result() instanceof CatalogResult.Refused refused) {
      throw new AssertionError(refused);
    }
    return transition.catalog();
  }

  /// The catalog after a command that it may refuse.
  public static Catalog tried(Catalog before, CatalogCommand command) {
    return CatalogRules.apply(before, command).catalog();
  }
}
