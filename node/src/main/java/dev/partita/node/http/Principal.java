package dev.partita.node.http;

import dev.partita.node.catalog.UserEntry;
import dev.partita.node.security.Access;

/// Who makes a request.
sealed interface Principal {
  /// For the audit log.
  String name();

  /// Whether it has a right in a collection.
  boolean allows(Access access, String collection);

  /// Anybody, where nobody is asked who he is.
  record Anybody() implements Principal {
    @Override
    public String name() {
      return "anybody";
    }

    @Override
    public boolean allows(Access access, String collection) {
      return true;
    }
  }

  /// The operator, by its certificate. It administers nodes and touches no document.
  record Operator() implements Principal {
    @Override
    public String name() {
      return "operator";
    }

    @Override
    public boolean allows(Access access, String collection) {
      return false;
    }
  }

  /// A user.
  ///
  /// @param entry as it was when the request came
  /// @param byPassword whether it has shown its password, not a token
  record User(UserEntry entry, boolean byPassword) implements Principal {
    @Override
    public String name() {
      return entry.name();
    }

    @Override
    public boolean allows(Access access, String collection) {
      return entry.allows(access, collection);
    }
  }
}
