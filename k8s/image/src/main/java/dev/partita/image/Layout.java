package dev.partita.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// A directory that is laid out as the image's file system will be below `/opt/partita`.
///
/// @param root the directory that stands for `/`
record Layout(Path root) {
  /// The directory of the application, also the working directory.
  static final String APPLICATION = "/opt/partita/app";

  static final String JAVA = "/opt/partita/java";
  static final String CACHE = "partita.aot";
  static final String JAR = "quarkus-run.jar";

  /// Of all files: an ahead-of-time cache is refused when a jar has another time than in training.
  static final Instant TIME = Instant.parse("2026-11-01T00:00:00Z");

  /// What the Java runtime has: everything of Java SE, since libraries load much by name.
  static final String MODULES =
      "java.se,jdk.unsupported,jdk.management,jdk.zipfs,jdk.jfr,jdk.naming.dns,jdk.net,"
          + "jdk.crypto.ec,jdk.localedata";

  Path java() {
    return root.resolve(JAVA.substring(1));
  }

  Path application() {
    return root.resolve(APPLICATION.substring(1));
  }

  Path cache() {
    return application().resolve(CACHE);
  }

  /// Lays out runtime and application.
  static Layout make(Path root, Path packaged) {
    Layout layout = new Layout(root);
    try {
      delete(root);
      Files.createDirectories(layout.java().getParent());
      Shell.run(
          root,
          List.of(
              Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
              "--add-modules",
              MODULES,
              "--include-locales",
              "en",
              "--strip-java-debug-attributes",
              "--no-header-files",
              "--no-man-pages",
              "--output",
              layout.java().toString()));
      copy(packaged, layout.application());
      NativeLibrary.extract(layout.application());
      setTimes(root);
      return layout;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot lay out " + root, e);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    if (!Files.isDirectory(from)) {
      throw new ImageFailure(from + " is not there: run './mvnw package' first");
    }
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }

  private static void setTimes(Path root) throws IOException {
    FileTime time = FileTime.from(TIME);
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (attributes.isRegularFile()) {
              Files.setLastModifiedTime(file, time);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
