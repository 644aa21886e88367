package dev.partita.node.catalog;

import java.util.Collections;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/// The users of a database and their tokens. Immutable.
///
/// @param users by name
/// @param tokens by id
public record Accounts(
    NavigableMap<String, UserEntry> users, NavigableMap<String, TokenEntry> tokens) {
  /// Nobody.
  public static final Accounts NONE =
      new Accounts(Collections.emptyNavigableMap(), Collections.emptyNavigableMap());

  public Accounts {
    users = Collections.unmodifiableNavigableMap(users);
    tokens = Collections.unmodifiableNavigableMap(tokens);
  }

  static Accounts of(List<UserEntry> users, List<TokenEntry> tokens) {
    NavigableMap<String, UserEntry> byName = new TreeMap<>();
    users.forEach(user -> byName.put(user.name(), user));
    NavigableMap<String, TokenEntry> byId = new TreeMap<>();
    tokens.forEach(token -> byId.put(token.id(), token));
    return new Accounts(byName, byId);
  }

  /// The tokens of a user.
  public List<TokenEntry> tokensOf(String user) {
    return tokens.values().stream().filter(token -> token.user().equals(user)).toList();
  }

  Accounts withUser(UserEntry user) {
    NavigableMap<String, UserEntry> next = new TreeMap<>(users);
    next.put(user.name(), user);
    return new Accounts(next, tokens);
  }

  Accounts withoutUser(String name) {
    NavigableMap<String, UserEntry> next = new TreeMap<>(users);
    next.remove(name);
    return new Accounts(next, tokens).withoutTokensOf(name);
  }

  Accounts withToken(TokenEntry token) {
    NavigableMap<String, TokenEntry> next = new TreeMap<>(tokens);
    next.put(token.id(), token);
    return new Accounts(users, next);
  }

  Accounts withoutToken(String id) {
    NavigableMap<String, TokenEntry> next = new TreeMap<>(tokens);
    next.remove(id);
    return new Accounts(users, next);
  }

  Accounts withoutTokensOf(String user) {
    NavigableMap<String, TokenEntry> next = new TreeMap<>(tokens);
    next.values().removeIf(token -> token.user().equals(user));
    return new Accounts(users, next);
  }
}
