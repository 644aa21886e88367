package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogRules.Transition;
import java.util.Objects;

/// What commands do to users and tokens.
final class AccountRules {
  static final int USERS_MAX = 1_000;

  /// Of one user: enough for programs that rotate theirs, few enough that one in a loop is noticed.
  static final int TOKENS_MAX = 100;

  private AccountRules() {}

  static Transition putUser(Catalog before, CatalogCommand.PutUser put) {
    Accounts accounts = before.accounts();
    UserEntry user = put.user();
    UserEntry known = accounts.users().get(user.name());
    if (put.first() && !accounts.users().isEmpty()) {
      return Transition.applied(before);
    }
    if (known == null && accounts.users().size() >= USERS_MAX) {
      return Transition.refused(
          before, Reason.TOO_MANY, "too many users", user.name(), String.valueOf(USERS_MAX));
    }
    if (!user.administrator() && isLastAdministrator(accounts, user.name())) {
      return lastAdministrator(before, user.name());
    }
    Accounts next = accounts.withUser(user);
    // Whoever changes a password wants those out who had the old one.
    boolean samePassword = known == null || known.verifier().equals(user.verifier());
    return Transition.applied(
        before.withAccounts(samePassword ? next : next.withoutTokensOf(user.name())));
  }

  static Transition dropUser(Catalog before, String name) {
    Accounts accounts = before.accounts();
    if (!accounts.users().containsKey(name)) {
      return Transition.applied(before);
    }
    return isLastAdministrator(accounts, name)
        ? lastAdministrator(before, name)
        : Transition.applied(before.withAccounts(accounts.withoutUser(name)));
  }

  private static boolean isLastAdministrator(Accounts accounts, String name) {
    UserEntry user = accounts.users().get(name);
    return user != null
        && user.administrator()
        && accounts.users().values().stream().filter(UserEntry::administrator).count() == 1;
  }

  private static Transition lastAdministrator(Catalog before, String name) {
    return Transition.refused(
        before, Reason.CONFLICT, "the last administrator: make another one first", name, null);
  }

  /// Records a token; those of the user that expired before it was made give room.
  static Transition putToken(Catalog before, TokenEntry token) {
    Accounts accounts = before.accounts();
    if (Objects.equals(accounts.tokens().get(token.id()), token)) {
      return Transition.applied(before);
    }
    if (!accounts.users().containsKey(token.user())) {
      return Transition.refused(before, Reason.NOT_FOUND, "unknown user", token.user(), null);
    }
    for (TokenEntry other : accounts.tokensOf(token.user())) {
      if (other.expiresMillis() <= token.createdMillis()) {
        accounts = accounts.withoutToken(other.id());
      }
    }
    if (accounts.tokensOf(token.user()).size() >= TOKENS_MAX) {
      return Transition.refused(
          before,
          Reason.TOO_MANY,
          "too many tokens of one user: revoke some",
          token.user(),
          String.valueOf(TOKENS_MAX));
    }
    return Transition.applied(before.withAccounts(accounts.withToken(token)));
  }

  static Transition dropToken(Catalog before, String id) {
    return Transition.applied(
        before.accounts().tokens().containsKey(id)
            ? before.withAccounts(before.accounts().withoutToken(id))
            : before);
  }
}
