package dev.partita.launcher;

/// Something the user has to know and act on: the message names what failed and the way out.
final class LaunchFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  LaunchFailure(String message) {
    super(message);
  }

  LaunchFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
