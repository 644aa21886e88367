package dev.partita.node.time;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Processor time of the operating system's thread that carries the caller, virtual threads
/// included: the clock `CLOCK_THREAD_CPUTIME_ID` of POSIX. The JVM's own
/// [java.lang.management.ThreadMXBean] knows it of platform threads only.
///
/// A difference of two readings says something of work in which the caller did not wait: a virtual
/// thread may go on at another carrier. For any thread; costs about half a microsecond.
public final class CpuTime {

  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final int LINUX_CLOCK = 3;
  private static final int MAC_CLOCK = 16;
  private static final int CLOCK = isMac() ? MAC_CLOCK : LINUX_CLOCK;

  /// Null where the operating system has no such clock.
  private static final @Nullable MethodHandle CLOCK_GETTIME = clockGettime();

  private CpuTime() {}

  /// Nanoseconds since some moment, which is another one for each carrier. Where the operating
  /// system does not tell, time as it passes.
  public static long nanos() {
    MethodHandle clock = CLOCK_GETTIME;
    if (clock == null) {
      return System.nanoTime();
    }
    long[] secondsAndNanos = new long[2];
    try {
      int failed = (int) clock.invokeExact(CLOCK, MemorySegment.ofArray(secondsAndNanos));
      return failed == 0
          ? secondsAndNanos[0] * NANOS_PER_SECOND + secondsAndNanos[1]
          : System.nanoTime();
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a function of C throws nothing", e);
    }
  }

  @SuppressWarnings("restricted") // The function and its signature are those of POSIX.
  private static @Nullable MethodHandle clockGettime() {
    Linker linker = Linker.nativeLinker();
    SymbolLookup library = linker.defaultLookup();
    Optional<MemorySegment> function =
        isWindows() ? Optional.empty() : library.find("clock_gettime");
    // Critical: it returns at once, and may so write into an array of the heap.
    return function
        .map(found ->
            linker.downcallHandle(
                found,
                FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS),
                Linker.Option.critical(true)))
        .orElse(null);
  }

  private static boolean isMac() {
    return system().startsWith("mac");
  }

  private static boolean isWindows() {
    return system().startsWith("windows");
  }

  private static String system() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
  }
}
