package dev.partita.node.catalog;

/// A bearer token that was handed out.
///
/// @param hash of its secret
/// @param createdMillis wall clock, since 1970
/// @param expiresMillis from then on it is refused
public record TokenEntry(
    String id,
    String user,
    String hash,
    String description,
    long createdMillis,
    long expiresMillis) {

  /// Without the hash.
  @Override
  public String toString() {
    return "TokenEntry[" + id + " of " + user + "]";
  }
}
