package dev.partita.node.admin;

import dev.partita.node.catalog.Accounts;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.TokenEntry;
import dev.partita.node.catalog.UserEntry;
import dev.partita.node.time.Deadline;
import java.util.function.Supplier;

/// Users and their tokens. Every method that changes something is idempotent and returns when its
/// effect is recorded and applied on this node; other nodes follow a moment later.
///
/// @see dev.partita.node.error.DatabaseException for how all of them refuse
public final class AccountAdmin {
  private final NodeAdmin admin;
  private final Supplier<Accounts> accounts;

  /// @param accounts the newest on this node
  public AccountAdmin(NodeAdmin admin, Supplier<Accounts> accounts) {
    this.admin = admin;
    this.accounts = accounts;
  }

  /// The newest on this node.
  public Accounts accounts() {
    return accounts.get();
  }

  /// Makes or changes a user; another password revokes its tokens.
  public void putUser(UserEntry user, Deadline deadline) {
    admin.propose(new CatalogCommand.PutUser(user, false), deadline);
  }

  /// Makes the first user. Does nothing if there is one.
  public void putFirstUser(UserEntry user, Deadline deadline) {
    admin.propose(new CatalogCommand.PutUser(user, true), deadline);
  }

  /// Removes a user with its tokens; refused for the last administrator.
  public void deleteUser(String name, Deadline deadline) {
    admin.propose(new CatalogCommand.DropUser(name), deadline);
  }

  /// Records a token that is handed out.
  public void putToken(TokenEntry token, Deadline deadline) {
    admin.propose(new CatalogCommand.PutToken(token), deadline);
  }

  /// Revokes a token. Does nothing if there is none.
  public void deleteToken(String id, Deadline deadline) {
    admin.propose(new CatalogCommand.DropToken(id), deadline);
  }
}
