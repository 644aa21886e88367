package dev.partita.node.http;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.security.Access;
import jakarta.enterprise.context.RequestScoped;
import org.jspecify.annotations.Nullable;

/// Who makes the present request, and what it may. Owned by the thread of the request.
@RequestScoped
class Caller {
  private @Nullable Principal principal;
  private boolean unasked;

  void is(Principal known) {
    principal = known;
  }

  /// Has the answer withheld unless the endpoint asks.
  void mustBeAsked() {
    unasked = true;
  }

  boolean isUnasked() {
    return unasked;
  }

  /// @throws DatabaseException if nobody has been authenticated
  Principal principal() {
    Principal known = principal;
    if (known == null) {
      throw new DatabaseException(ErrorCode.UNAUTHENTICATED, "who are you?");
    }
    return known;
  }

  /// Refuses whoever lacks a right; does not tell whether the collection exists.
  void require(Access access, String collection) {
    unasked = false;
    if (!principal().allows(access, collection)) {
      throw new DatabaseException(ErrorCode.FORBIDDEN, "this needs a right that you do not have")
          .with("right", access)
          .with("collection", collection);
    }
  }

  /// Whether it has a right.
  boolean allows(Access access, String collection) {
    unasked = false;
    return principal().allows(access, collection);
  }

  /// Refuses whoever may not read what an index is of, as if the index did not exist.
  ///
  /// @param index null if there is none of this name
  void requireReadable(@Nullable IndexDefinition index, String name) {
    unasked = false;
    if (index != null && !principal().allows(Access.READ, index.collection())) {
      throw new DatabaseException(ErrorCode.UNKNOWN_INDEX, "the index does not exist")
          .with("index", name);
    }
  }

  /// Whether a collection exists as far as the caller can tell.
  boolean sees(String collection) {
    for (Access access : Access.values()) {
      if (allows(access, collection)) {
        return true;
      }
    }
    return false;
  }

  /// Says that the answer tells about collections that [#sees] will be asked about, if any.
  void seesEach() {
    unasked = false;
  }
}
