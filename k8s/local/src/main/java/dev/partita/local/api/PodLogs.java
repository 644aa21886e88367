package dev.partita.local.api;

import java.io.IOException;
import java.io.OutputStream;

/// Where the output of pods can be read.
public interface PodLogs {
  /// Which part of an output is wanted.
  ///
  /// @param tailLines only the last lines, negative for all
  /// @param limitBytes at most so many bytes, negative for all
  /// @param previous the output of the process before the present one
  record Query(boolean follow, long tailLines, long limitBytes, boolean previous) {}

  /// Writes the output of a pod; with `follow` until the pod is gone or `out` fails.
  void write(String namespace, String pod, Query query, OutputStream out)
      throws IOException, InterruptedException;
}
