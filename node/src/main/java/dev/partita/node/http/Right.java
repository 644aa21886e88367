package dev.partita.node.http;

/// What an endpoint asks of whoever calls it.
enum Right {
  /// The certificate of the operator.
  OPERATOR,
  /// To be an administrator.
  ADMINISTRATOR,
  /// To be a user.
  USER,
  /// To be a user, about its own account.
  ACCOUNT,
  /// [Access#READ] in the collection of the request.
  READ,
  /// [Access#WRITE] in the collection of the request.
  WRITE,
  /// [Access#ADMIN] in the collection of the request.
  ADMIN,
  /// Some right in each collection that the answer tells about.
  SEE;

  /// Whether uses of it are told to the audit log.
  boolean isAdministrative() {
    return this == OPERATOR || this == ADMINISTRATOR || this == ADMIN || this == ACCOUNT;
  }
}
