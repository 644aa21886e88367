package dev.partita.bench;

import java.io.IOException;
import java.io.Reader;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.util.Map;
import java.util.Properties;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A Java agent in a node's process that has its disk be slow or fail, and its clock be wrong, as a
/// file says that [NodeFaults] writes. The node knows nothing of it and has no switch for it: the
/// calls are put into its classes when they are loaded, around the file of the log and the clock.
///
/// A disk fails once, as Linux tells it: of what was written half is there, the next sync of the
/// file fails, and those that follow succeed. Whoever asks again is told that all is well, though
/// it is lost; so a node that goes on after a failed sync loses what it acknowledges.
///
/// Uses nothing but the JDK: a node has no other class of this module.
public final class FaultAgent {
  /// Printed for each class that was changed.
  static final String HOOKED = "fault agent: changed ";

  static final String DISK_FILE = "dev/partita/node/replication/log/DiskFiles$DiskFile";
  static final String CLOCK = "dev/partita/node/time/SystemClock";

  static final String SYNC_DELAY_MILLIS = "syncDelayMillis";
  static final String DISK_FAILS = "diskFails";
  static final String CLOCK_SECONDS = "clockSeconds";

  private static final ClassDesc AGENT = ClassDesc.of(FaultAgent.class.getName());
  private static final long LOOK_MILLIS = 20;
  private static final int EXIT_USELESS = 99;

  private static volatile long syncDelayMillis;
  private static volatile long clockSkewMillis;

  /// Stays set: a process does not get a new disk.
  private static volatile boolean diskFails;

  /// How far the failure of the disk has come for the writes of a thread, which syncs what it
  /// writes.
  private enum Failure {
    AHEAD,
    TORN,
    TOLD
  }

  private static final ThreadLocal<Failure> FAILURE = ThreadLocal.withInitial(() -> Failure.AHEAD);

  private FaultAgent() {}

  /// Called by the JVM before the node's `main`.
  ///
  /// @param file what to do, as properties; looked at all the time
  public static void premain(String file, Instrumentation instrumentation) {
    Path path = Path.of(file);
    look(path);
    Thread.ofPlatform().daemon().name("faults").start(() -> lookAgainAndAgain(path));
    instrumentation.addTransformer(new Hooks());
  }

  private static void lookAgainAndAgain(Path file) {
    try {
      while (true) {
        Thread.sleep(LOOK_MILLIS);
        look(file);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void look(Path file) {
    var faults = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      faults.load(reader);
    } catch (IOException e) {
      throw new IllegalStateException("the faults of a node are always told: " + file, e);
    }
    syncDelayMillis = Long.parseLong(faults.getProperty(SYNC_DELAY_MILLIS, "0"));
    clockSkewMillis = 1_000 * Long.parseLong(faults.getProperty(CLOCK_SECONDS, "0"));
    diskFails |= Boolean.parseBoolean(faults.getProperty(DISK_FAILS, "false"));
  }

  // Called by the changed classes

  /// Before a write of the log.
  public static void beforeWrite(ByteBuffer source) {
    if (diskFails && FAILURE.get() == Failure.AHEAD) {
      FAILURE.set(Failure.TORN);
      source.limit(source.position() + source.remaining() / 2);
    }
  }

  /// Before a sync of the log.
  ///
  /// @throws IOException if the disk has failed since the last one
  public static void beforeSync() throws IOException {
    long delay = syncDelayMillis;
    if (delay > 0) {
      try {
        Thread.sleep(delay);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    if (FAILURE.get() == Failure.TORN) {
      FAILURE.set(Failure.TOLD);
      throw new IOException("Input/output error");
    }
  }

  /// How far the clock is ahead.
  public static long clockSkewMillis() {
    return clockSkewMillis;
  }

  // Changes of classes

  private static final class Hooks implements ClassFileTransformer {
    @Override
    @SuppressWarnings("CatchAndPrintStackTrace") // the JVM would ignore it and run without faults
    public byte @Nullable [] transform(
        @Nullable ClassLoader loader,
        @Nullable String name,
        @Nullable Class<?> redefined,
        @Nullable ProtectionDomain domain,
        byte[] bytes) {
      try {
        return name == null ? null : changed(name, bytes);
      } catch (RuntimeException | Error e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(EXIT_USELESS);
        return null;
      }
    }

    private static byte @Nullable [] changed(String name, byte[] bytes) {
      return switch (name) {
        case DISK_FILE ->
            changed(
                name,
                bytes,
                Map.of(
                    "write",
                    new Before(code ->
                        code.aload(1)
                            .invokestatic(
                                AGENT,
                                "beforeWrite",
                                MethodTypeDesc.of(
                                    ConstantDescs.CD_void,
                                    ClassDesc.of(ByteBuffer.class.getName())))),
                    "sync",
                    new Before(code ->
                        code.invokestatic(
                            AGENT, "beforeSync", MethodTypeDesc.of(ConstantDescs.CD_void)))));
        case CLOCK -> changed(name, bytes, Map.of("wallMillis", new Skewed()));
        default -> null;
      };
    }

    private static byte[] changed(String name, byte[] bytes, Map<String, CodeTransform> methods) {
      ClassFile file = ClassFile.of();
      ClassModel model = file.parse(bytes);
      ClassTransform all = ClassTransform.ACCEPT_ALL;
      for (Map.Entry<String, CodeTransform> each : methods.entrySet()) {
        String method = each.getKey();
        if (model.methods().stream().noneMatch(found -> found.methodName().equalsString(method))) {
          throw new IllegalStateException(name + " has no method " + method);
        }
        all =
            all.andThen(
                ClassTransform.transformingMethodBodies(
                    found -> found.methodName().equalsString(method), each.getValue()));
      }
      byte[] changed = file.transformClass(model, all);
      System.out.println(HOOKED + name);
      return changed;
    }
  }

  /// Puts something before the first instruction.
  private record Before(Consumer<CodeBuilder> inserted) implements CodeTransform {
    @Override
    public void atStart(CodeBuilder code) {
      inserted.accept(code);
    }

    @Override
    public void accept(CodeBuilder code, CodeElement element) {
      code.with(element);
    }
  }

  /// Adds how far the clock is ahead to what is returned.
  private record Skewed() implements CodeTransform {
    @Override
    public void accept(CodeBuilder code, CodeElement element) {
      if (element instanceof ReturnInstruction) {
        code.invokestatic(AGENT, "clockSkewMillis", MethodTypeDesc.of(ConstantDescs.CD_long))
            .ladd();
      }
      code.with(element);
    }
  }
}
