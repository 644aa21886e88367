package dev.partita.node.admin;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.DatabaseSettings;
import dev.partita.node.time.Deadline;
import java.util.function.Supplier;

/// What holds for the whole database.
public final class SettingsAdmin {
  private final NodeAdmin admin;
  private final Supplier<DatabaseSettings> settings;

  /// @param settings the newest on this node
  public SettingsAdmin(NodeAdmin admin, Supplier<DatabaseSettings> settings) {
    this.admin = admin;
    this.settings = settings;
  }

  /// The newest on this node.
  public DatabaseSettings settings() {
    return settings.get();
  }

  /// Changes them. Returns when that is recorded and applied on this node; other nodes follow a
  /// moment later.
  ///
  /// @throws dev.partita.node.error.DatabaseException if the system partition cannot be asked
  public void put(DatabaseSettings next, Deadline deadline) {
    admin.propose(new CatalogCommand.PutSettings(next), deadline);
  }
}
