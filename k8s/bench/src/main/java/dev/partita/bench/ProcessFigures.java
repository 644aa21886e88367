package dev.partita.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/// What Linux tells of a process, see proc_pid_status(5) and proc_pid_stat(5).
final class ProcessFigures {
  private static final String RESIDENT = "VmRSS:";

  /// How the names of the JVM's compiler threads end, as far as the kernel keeps them.
  private static final String COMPILER = " CompilerThre";

  /// Of a thread's stat, behind its name.
  private static final int UTIME = 11;

  private static final int STIME = 12;

  /// Linux tells times in hundredths of a second.
  private static final long MILLIS_PER_TICK = 10;

  private ProcessFigures() {}

  /// Resident memory, in bytes.
  ///
  /// @throws IOException if there is no such process
  static long residentBytes(long pid) throws IOException {
    for (String line : Files.readAllLines(of(pid).resolve("status"))) {
      if (line.startsWith(RESIDENT)) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024;
      }
    }
    throw new IllegalStateException("process " + pid + " has no memory any more");
  }

  /// Processor time that a JVM's compilers have used, of those threads that are there now.
  static Duration compilerTime(long pid) throws IOException {
    try (Stream<Path> threads = Files.list(of(pid).resolve("task"))) {
      long ticks = threads.mapToLong(ProcessFigures::compilerTicks).sum();
      return Duration.ofMillis(ticks * MILLIS_PER_TICK);
    }
  }

  /// 0 if the thread is no compiler, or has ended.
  private static long compilerTicks(Path thread) {
    try {
      String stat = Files.readString(thread.resolve("stat"));
      int nameEnd = stat.lastIndexOf(')');
      if (!stat.substring(0, nameEnd).endsWith(COMPILER)) {
        return 0;
      }
      String[] fields = stat.substring(nameEnd + 2).split(" ", -1);
      return Long.parseLong(fields[UTIME]) + Long.parseLong(fields[STIME]);
    } catch (IOException e) {
      return 0;
    }
  }

  private static Path of(long pid) {
    return Path.of("/proc/" + pid);
  }
}
