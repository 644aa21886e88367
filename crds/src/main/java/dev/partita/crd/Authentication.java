package dev.partita.crd;

/// Whether clients have to show who they are. The constants are written as the resources write
/// them.
public enum Authentication {
  /// By a token, or by a name and password.
  Required,
  /// Everybody may do everything: for a machine of one's own.
  Disabled
}
