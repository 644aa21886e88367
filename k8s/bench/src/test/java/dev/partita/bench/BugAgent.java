package dev.partita.bench;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A Java agent that gives a node a bug, as a file names one at present. The node has no switch for
/// them: each is put before the first instruction of a method when its class is loaded.
///
/// Uses nothing but the JDK: a node has no other class of this module.
public final class BugAgent {
  /// Printed when a node has taken up what the file says.
  static final String PLANTED = "bug agent: planted ";

  static final String NONE = "none";

  /// What a node can be made to do wrong.
  enum Bug {
    /// It commits transactions without looking whether what they have read is still so.
    UNCHECKED_READS,
    /// It reads at a timestamp without waiting for those that are prepared and may commit below it.
    TORN_READS,
    /// It has forgotten that a transaction with a name has committed when that is sent again.
    FORGOTTEN_NAMES,
    /// It answers reads of the past from what it has, though it follows and was promised nothing.
    EARLY_FOLLOWERS,
    /// It goes on after a failed sync: of one batch of its log only half is on the disk.
    IGNORED_SYNC,
    /// It takes for durable what is not on the disk.
    NO_SYNC
  }

  /// Where a bug goes.
  ///
  /// @param methods of the class
  /// @param answering whether it goes into those that answer something, or into those that do not
  /// @param code what they begin with
  private record Place(
      Bug bug,
      String className,
      Set<String> methods,
      boolean answering,
      Consumer<CodeBuilder> code) {

    Place(Bug bug, String className, Set<String> methods, Consumer<CodeBuilder> code) {
      this(bug, className, methods, true, code);
    }

    boolean isIn(MethodModel candidate) {
      return methods.contains(candidate.methodName().stringValue())
          && !candidate.methodTypeSymbol().returnType().isPrimitive() == answering;
    }
  }

  private static final String PARTITION = "dev/partita/node/partition/";
  private static final String DISK_FILE = "dev/partita/node/replication/log/DiskFiles$DiskFile";
  private static final List<Place> PLACES =
      List.of(
          new Place(
              Bug.UNCHECKED_READS,
              PARTITION + "TransactionApplier",
              Set.of("changed"),
              BugAgent::returnNull),
          new Place(
              Bug.TORN_READS, PARTITION + "LockTable", Set.of("writer"), BugAgent::returnNull),
          new Place(
              Bug.FORGOTTEN_NAMES,
              PARTITION + "TransactionTable",
              Set.of("committed", "visibleCommit"),
              BugAgent::returnNull),
          new Place(
              Bug.EARLY_FOLLOWERS,
              PARTITION + "ReplicaPromises",
              Set.of("read"),
              BugAgent::readWhatIsThere),
          new Place(Bug.IGNORED_SYNC, DISK_FILE, Set.of("write"), false, toBuffer("tear")),
          new Place(Bug.NO_SYNC, DISK_FILE, Set.of("write"), false, toBuffer("drop")));

  private static final ClassDesc AGENT = ClassDesc.of(BugAgent.class.getName());
  private static final long LOOK_MILLIS = 20;
  private static final int EXIT_USELESS = 99;

  private static final AtomicBoolean TORN = new AtomicBoolean();
  private static volatile String planted = NONE;

  private BugAgent() {}

  /// Called by the JVM before the node's `main`.
  ///
  /// @param file names the bug; looked at all the time
  public static void premain(String file, Instrumentation instrumentation) {
    Thread.ofPlatform().daemon().name("bugs").start(() -> lookAgainAndAgain(Path.of(file)));
    instrumentation.addTransformer(new Planting());
  }

  private static void lookAgainAndAgain(Path file) {
    try {
      while (true) {
        String now = Files.readString(file).strip();
        if (!now.equals(planted)) {
          planted = now;
          System.out.println(PLANTED + now);
        }
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (IOException e) {
      throw new IllegalStateException("what is planted is always told: " + file, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Called by the changed classes.
  public static boolean isPlanted(String bug) {
    return planted.equals(bug);
  }

  /// Called by the changed file of the log: once, half of what is to be written is left out.
  public static void tear(ByteBuffer source) {
    if (TORN.compareAndSet(false, true)) {
      source.limit(source.position() + source.remaining() / 2);
    }
  }

  /// Called by the changed file of the log: nothing of what is to be written is.
  public static void drop(ByteBuffer source) {
    source.position(source.limit());
  }

  private static Consumer<CodeBuilder> toBuffer(String what) {
    return code ->
        code.aload(1)
            .invokestatic(
                AGENT,
                what,
                MethodTypeDesc.of(ConstantDescs.CD_void, ClassDesc.of(ByteBuffer.class.getName())));
  }

  private static void returnNull(CodeBuilder code) {
    code.aconst_null().areturn();
  }

  /// `if (request.at() != null) return reader.promised(request, request.at());`
  private static void readWhatIsThere(CodeBuilder code) {
    ClassDesc request = named("Request");
    ClassDesc reading = named("Request$Reading");
    ClassDesc timestamp = ClassDesc.of("dev.partita.node.time.Timestamp");
    MethodTypeDesc at = MethodTypeDesc.of(timestamp);
    code.aload(1)
        .invokeinterface(reading, "at", at)
        .ifThen(
            Opcode.IFNONNULL,
            inside ->
                inside
                    .aload(0)
                    .getfield(named("ReplicaPromises"), "reader", named("ReplicaReader"))
                    .aload(1)
                    .aload(1)
                    .invokeinterface(reading, "at", at)
                    .invokevirtual(
                        named("ReplicaReader"),
                        "promised",
                        MethodTypeDesc.of(named("Response"), request, timestamp))
                    .areturn());
  }

  private static ClassDesc named(String className) {
    return ClassDesc.ofInternalName(PARTITION + className);
  }

  private static final class Planting implements ClassFileTransformer {
    @Override
    @SuppressWarnings("CatchAndPrintStackTrace") // the JVM would ignore it and run without bugs
    public byte @Nullable [] transform(
        @Nullable ClassLoader loader,
        @Nullable String name,
        @Nullable Class<?> redefined,
        @Nullable ProtectionDomain domain,
        byte[] bytes) {
      try {
        byte[] changed = bytes;
        for (Place place : PLACES) {
          if (place.className.equals(name)) {
            changed = changed(place, loader, changed);
          }
        }
        return Arrays.equals(changed, bytes) ? null : changed;
      } catch (RuntimeException | Error e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(EXIT_USELESS);
        return null;
      }
    }

    private static byte[] changed(Place place, @Nullable ClassLoader loader, byte[] bytes) {
      ClassHierarchyResolver types = ClassHierarchyResolver.defaultResolver();
      if (loader != null) {
        types = ClassHierarchyResolver.ofResourceParsing(loader).orElse(types);
      }
      ClassFile file = ClassFile.of(ClassFile.ClassHierarchyResolverOption.of(types));
      ClassModel model = file.parse(bytes);
      if (model.methods().stream().noneMatch(place::isIn)) {
        throw new IllegalStateException(place.className + " has none of " + place.methods);
      }
      return file.transformClass(
          model, ClassTransform.transformingMethodBodies(place::isIn, new IfPlanted(place)));
    }
  }

  /// Has a method begin with the bug, where it is planted.
  private record IfPlanted(Place place) implements CodeTransform {
    @Override
    public void atStart(CodeBuilder code) {
      code.ldc(place.bug.name())
          .invokestatic(
              AGENT,
              "isPlanted",
              MethodTypeDesc.of(ConstantDescs.CD_boolean, ConstantDescs.CD_String))
          .ifThen(place.code::accept);
    }

    @Override
    public void accept(CodeBuilder code, CodeElement element) {
      code.with(element);
    }
  }
}
