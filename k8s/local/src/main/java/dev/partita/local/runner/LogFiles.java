package dev.partita.local.runner;

import dev.partita.local.api.PodLogs;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.function.BiPredicate;

/// The output of pods, as `logs/{namespace}/{pod}.log`; that of the process before in
/// `{pod}.previous.log`.
final class LogFiles implements PodLogs {
  private static final int BUFFER_BYTES = 16 * 1024;

  /// How often a file is looked at while somebody follows it.
  private static final Duration FOLLOW_PERIOD = Duration.ofMillis(200);

  private final Path directory;
  private final BiPredicate<String, String> exists;

  /// Log files below `directory`.
  ///
  /// @param exists whether a pod (namespace, name) still exists
  LogFiles(Path directory, BiPredicate<String, String> exists) {
    this.directory = directory;
    this.exists = exists;
  }

  /// Begins a new file for a process; what is there becomes the previous one.
  Path begin(String namespace, String pod) throws IOException {
    Path file = file(namespace, pod, false);
    Files.createDirectories(directory.resolve(namespace));
    if (Files.exists(file)) {
      Files.move(file, file(namespace, pod, true), StandardCopyOption.REPLACE_EXISTING);
    }
    return file;
  }

  private Path file(String namespace, String pod, boolean previous) {
    return directory.resolve(namespace).resolve(pod + (previous ? ".previous.log" : ".log"));
  }

  @Override
  public void write(String namespace, String pod, Query query, OutputStream out)
      throws IOException, InterruptedException {
    Path path = file(namespace, pod, query.previous());
    long left = query.limitBytes() < 0 ? Long.MAX_VALUE : query.limitBytes();
    long position = 0;
    boolean first = true;
    while (true) {
      if (Files.exists(path)) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
          if (first) {
            position = query.tailLines() < 0 ? 0 : tail(file, query.tailLines());
            first = false;
          }
          // A shorter file is a new one: the process was started again.
          position = Math.min(position, file.length() < position ? 0 : position);
          long copied = copy(file, position, left, out);
          position += copied;
          left -= copied;
        }
      }
      out.flush();
      if (!query.follow() || left <= 0 || !exists.test(namespace, pod)) {
        return;
      }
      Thread.sleep(FOLLOW_PERIOD);
    }
  }

  private static long copy(RandomAccessFile file, long from, long limit, OutputStream out)
      throws IOException {
    file.seek(from);
    byte[] buffer = new byte[BUFFER_BYTES];
    long copied = 0;
    while (copied < limit) {
      int read = file.read(buffer, 0, (int) Math.min(buffer.length, limit - copied));
      if (read < 0) {
        break;
      }
      out.write(buffer, 0, read);
      copied += read;
    }
    return copied;
  }

  /// The position at which the last `lines` lines begin.
  private static long tail(RandomAccessFile file, long lines) throws IOException {
    long position = file.length();
    long found = 0;
    byte[] buffer = new byte[BUFFER_BYTES];
    while (position > 0) {
      int size = (int) Math.min(buffer.length, position);
      position -= size;
      file.seek(position);
      file.readFully(buffer, 0, size);
      for (int i = size - 1; i >= 0; i--) {
        boolean last = position + i == file.length() - 1;
        if (buffer[i] == '\n' && !last && ++found >= lines) {
          return lines == 0 ? file.length() : position + i + 1;
        }
      }
    }
    return lines == 0 ? file.length() : 0;
  }
}
