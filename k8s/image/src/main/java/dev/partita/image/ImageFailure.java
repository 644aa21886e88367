package dev.partita.image;

/// Something the user has to know and act on: the message names what failed and the way out.
final class ImageFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ImageFailure(String message) {
    super(message);
  }

  ImageFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
