package dev.partita.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Enumeration;
import java.util.List;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/// RocksDB's library out of its jar, which has one for each operating system (92 MB): the one of
/// this machine goes beside it, so that it is mapped from the image instead of being unpacked at
/// each start, and the others go away.
final class NativeLibrary {
  /// Where it lies, in the application's directory.
  static final String DIRECTORY = "native";

  private static final String JAR_PREFIX = "org.rocksdb.rocksdbjni-";

  private NativeLibrary() {}

  /// Rewrites the jar, if the application has it.
  ///
  /// @return the library
  static Optional<Path> extract(Path application) {
    try (Stream<Path> files = Files.walk(application.resolve("lib"))) {
      Optional<Path> jar =
          files.filter(each -> each.getFileName().toString().startsWith(JAR_PREFIX)).findFirst();
      return jar.isPresent()
          ? Optional.of(split(jar.get(), application.resolve(DIRECTORY)))
          : Optional.empty();
    } catch (IOException e) {
      throw new ImageFailure("cannot split the jar of RocksDB: " + e, e);
    }
  }

  private static Path split(Path jar, Path directory) throws IOException {
    String wanted =
        System.getProperty("os.arch").equals("aarch64")
            ? "librocksdbjni-linux-aarch64.so"
            : "librocksdbjni-linux64.so";
    Files.createDirectories(directory);
    Path library = directory.resolve(wanted);
    Path smaller = jar.resolveSibling(jar.getFileName() + ".next");
    FileTime time = FileTime.from(Layout.TIME);
    try (JarFile from = new JarFile(jar.toFile());
        OutputStream file = Files.newOutputStream(smaller);
        JarOutputStream to = new JarOutputStream(file)) {
      Enumeration<JarEntry> entries = from.entries();
      while (entries.hasMoreElements()) {
        JarEntry entry = entries.nextElement();
        try (InputStream content = from.getInputStream(entry)) {
          if (entry.getName().equals(wanted)) {
            Files.copy(content, library);
          } else if (!isNative(entry.getName())) {
            JarEntry copy = new JarEntry(entry.getName());
            copy.setLastModifiedTime(time);
            to.putNextEntry(copy);
            content.transferTo(to);
            to.closeEntry();
          }
        }
      }
    }
    if (!Files.exists(library)) {
      throw new ImageFailure(jar + " has no " + wanted);
    }
    Files.delete(jar);
    Files.move(smaller, jar);
    for (Path each : List.of(jar, library)) {
      Files.setLastModifiedTime(each, time);
    }
    return library;
  }

  private static boolean isNative(String name) {
    return name.endsWith(".so") || name.endsWith(".jnilib") || name.endsWith(".dll");
  }
}
