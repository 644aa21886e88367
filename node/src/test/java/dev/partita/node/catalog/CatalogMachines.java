package dev.partita.node.catalog;

/// Applies commands for tests of other packages.
public final class CatalogMachines {
  private CatalogMachines() {}

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
