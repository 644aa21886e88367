package dev.partita.node.security;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/// Rights in one collection, or in all.
///
/// @param collection its name, or [#ALL]
public record Grant(String collection, Set<Access> access) {
  /// Stands for every collection, also those of the future.
  public static final String ALL = "*";

  private static final int NAME_CHARACTERS_MAX = 253;

  public Grant {
    if (collection.isEmpty() || collection.length() > NAME_CHARACTERS_MAX) {
      throw new IllegalArgumentException("not a collection: " + collection);
    }
    access = Collections.unmodifiableSet(new TreeSet<>(access));
  }

  /// Whether it gives this right.
  public boolean gives(Access wanted, String to) {
    return access.contains(wanted) && (collection.equals(ALL) || collection.equals(to));
  }
}
