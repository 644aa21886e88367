package dev.partita.node.catalog;

import dev.partita.node.security.Access;
import dev.partita.node.security.Grant;
import dev.partita.node.security.ScramVerifier;
import java.util.List;
import java.util.regex.Pattern;

/// A user of the database.
///
/// @param verifier of the password
/// @param administrator whether it may do everything, users included
public record UserEntry(
    String name, ScramVerifier verifier, boolean administrator, List<Grant> grants) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0,62}");

  public UserEntry {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("not a user's name: " + name);
    }
    grants = List.copyOf(grants);
  }

  /// Whether it has a right in a collection.
  public boolean allows(Access access, String collection) {
    return administrator || grants.stream().anyMatch(grant -> grant.gives(access, collection));
  }
}
