package dev.partita.local.patch;

/// A patch that cannot be applied.
public final class PatchException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean malformed;

  private PatchException(boolean malformed, String message) {
    super(message);
    this.malformed = malformed;
  }

  static PatchException malformed(String message) {
    return new PatchException(true, message);
  }

  static PatchException unprocessable(String message) {
    return new PatchException(false, message);
  }

  /// Whether the patch itself is wrong, and not only its use on this object.
  public boolean malformed() {
    return malformed;
  }
}
