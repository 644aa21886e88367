package dev.partita.image;

import java.io.IOException;

/// What an application does in its training run, once it is ready.
@FunctionalInterface
interface Exercise {
  /// Does it, often enough that the classes and call sites on its way are resolved.
  ///
  /// @throws IOException if the application does not answer as it should
  void run(Requests application) throws IOException, InterruptedException;
}
