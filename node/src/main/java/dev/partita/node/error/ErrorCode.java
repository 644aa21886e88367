package dev.partita.node.error;

/// Every kind of failure that a client can see. The SQLSTATE is what PostgreSQL clients get, the
/// HTTP status and the name are what HTTP clients get; neither changes once released.
public enum ErrorCode {
  /// The request contradicts itself or lacks something.
  INVALID_REQUEST("22023", Category.USER, 400, "Invalid request"),
  /// A primary key is not an integer, a text or a composite of those, or is too long.
  INVALID_KEY("22030", Category.USER, 400, "Invalid primary key"),
  /// A document is not a JSON object.
  INVALID_DOCUMENT("22032", Category.USER, 400, "Invalid document"),
  /// A page cursor was damaged or belongs to another query.
  INVALID_CURSOR("34000", Category.USER, 400, "Invalid cursor"),
  /// The definition of a partition or an index makes no sense.
  INVALID_DEFINITION("42P17", Category.USER, 400, "Invalid definition"),
  /// Who asks has not shown who he is, or not convincingly.
  UNAUTHENTICATED("28000", Category.USER, 401, "Not authenticated"),
  /// Who asks has no right to it. Does not tell whether it exists.
  FORBIDDEN("42501", Category.USER, 403, "Forbidden"),
  /// Too many failed log-ins; wait.
  THROTTLED("28P01", Category.RESOURCE, 429, "Too many attempts"),
  /// A request, document, batch or page is larger than the limit.
  TOO_LARGE("54000", Category.USER, 413, "Too large"),
  /// The row does not exist.
  NOT_FOUND("02000", Category.USER, 404, "Not found"),
  /// The collection does not exist.
  UNKNOWN_COLLECTION("42P01", Category.USER, 404, "Unknown collection"),
  /// The partition does not exist.
  UNKNOWN_PARTITION("42704", Category.USER, 404, "Unknown partition"),
  /// The index does not exist.
  UNKNOWN_INDEX("42704", Category.USER, 404, "Unknown index"),
  /// The transaction does not exist, or not any more.
  UNKNOWN_TRANSACTION("25P01", Category.USER, 404, "Unknown transaction"),
  /// The node does not exist.
  UNKNOWN_NODE("42704", Category.USER, 404, "Unknown node"),
  /// A partition, index or operation of this name exists already with another content.
  ALREADY_EXISTS("42710", Category.USER, 409, "Already exists"),
  /// The bounds overlap those of another partition of the collection.
  OVERLAP("42P17", Category.USER, 409, "Bounds overlap"),
  /// No partition of the collection covers the key.
  NO_PARTITION("23514", Category.USER, 422, "No partition for the key or a column"),
  /// A row with this primary key exists already.
  ROW_EXISTS("23505", Category.USER, 409, "Row exists"),
  /// Another row has the same terms in a unique index.
  UNIQUE_VIOLATION("23505", Category.USER, 409, "Unique violation"),
  /// The row is not at the version that the write required.
  VERSION_CONFLICT("40001", Category.USER, 412, "Version conflict"),
  /// A condition of a transaction does not hold.
  CONDITION_FAILED("40002", Category.USER, 412, "Condition failed"),
  /// Other transactions were in the way; nothing was changed.
  SERIALIZATION_FAILURE("40001", Category.RETRYABLE, 409, "Serialization failure"),
  /// The read is older than the versions kept.
  TIMESTAMP_TOO_OLD("72000", Category.USER, 410, "Timestamp too old"),
  /// The read is later than every timestamp handed out.
  TIMESTAMP_IN_FUTURE("22008", Category.USER, 400, "Timestamp in the future"),
  /// The index is being built, or its build failed.
  INDEX_NOT_READY("55000", Category.RETRYABLE, 409, "Index not ready"),
  /// The operation conflicts with another one that is under way.
  OPERATION_IN_PROGRESS("55006", Category.RETRYABLE, 409, "Operation in progress"),
  /// The part of the database that the request needs has no leader or no quorum; nothing was
  /// changed.
  UNAVAILABLE("57P03", Category.RETRYABLE, 503, "Unavailable"),
  /// A queue is full; nothing was changed.
  OVERLOADED("53400", Category.RESOURCE, 503, "Overloaded"),
  /// The deadline passed before an answer was there; a read, or a write that was not begun.
  DEADLINE_EXCEEDED("57014", Category.RETRYABLE, 504, "Deadline exceeded"),
  /// The write may or may not have been applied, and the database cannot tell. Never retried behind
  /// the client's back.
  OUTCOME_UNKNOWN("40003", Category.EXTERNAL, 504, "Outcome unknown"),
  /// The node is not part of a database yet.
  NOT_BOOTSTRAPPED("57P03", Category.RETRYABLE, 503, "Not bootstrapped"),
  /// The request was meant for a node of another database, which had this node's address before.
  WRONG_CLUSTER("08004", Category.RETRYABLE, 421, "Wrong cluster"),
  /// The request is refused in the state the database is in.
  REFUSED("55000", Category.USER, 409, "Refused"),
  /// The feature is not supported.
  NOT_SUPPORTED("0A000", Category.USER, 501, "Not supported"),
  /// Stored data is damaged.
  DATA_CORRUPTED("XX001", Category.INTERNAL, 500, "Data corrupted"),
  /// A defect of the database.
  INTERNAL("XX000", Category.INTERNAL, 500, "Internal error");

  /// What a client can do about a failure.
  public enum Category {
    /// The request has to change.
    USER,
    /// The same request may succeed later; it had no effect.
    RETRYABLE,
    /// A limit was reached; the same request may succeed later, more slowly; it had no effect.
    RESOURCE,
    /// A defect or damage: an operator has to look.
    INTERNAL,
    /// The world outside decides: the client has to look what happened.
    EXTERNAL
  }

  private final String sqlState;
  private final Category category;
  private final int httpStatus;
  private final String title;

  ErrorCode(String sqlState, Category category, int httpStatus, String title) {
    this.sqlState = sqlState;
    this.category = category;
    this.httpStatus = httpStatus;
    this.title = title;
  }

  /// The five-character SQLSTATE.
  public String sqlState() {
    return sqlState;
  }

  /// What the client can do.
  public Category category() {
    return category;
  }

  /// The HTTP status of the problem document.
  public int httpStatus() {
    return httpStatus;
  }

  /// A short summary, the same for every failure of this kind.
  public String title() {
    return title;
  }

  /// Whether the same request may be sent again unchanged, because it had no effect.
  public boolean isRetryable() {
    return category == Category.RETRYABLE || category == Category.RESOURCE;
  }
}
