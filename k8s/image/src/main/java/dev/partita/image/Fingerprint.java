package dev.partita.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Of everything that a trained layout is made of: the application's files, its options and its
/// exercise, and the Java that is cut down for it. Kept beside the layout, so that the same images
/// go to another registry, or on another base, without another training run.
record Fingerprint(String value) {

  /// @throws ImageFailure if there is nothing packaged
  static Fingerprint of(Application application, Path packaged) {
    if (!Files.isDirectory(packaged)) {
      throw new ImageFailure(packaged + " is not there: run './mvnw package' first");
    }
    Path java = Path.of(System.getProperty("java.home"));
    try (Stream<Path> found = Files.walk(packaged)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      List<String> settings = new ArrayList<>();
      settings.add(java.toString());
      settings.add(Files.readString(java.resolve("release")));
      settings.add(Layout.MODULES);
      settings.addAll(Training.command("java", "", application));
      settings.add(new TreeMap<>(application.training()).toString());
      for (String setting : settings) {
        update(digest, setting.getBytes(StandardCharsets.UTF_8));
      }
      update(digest, code(application.exercise()));
      for (Path file : found.filter(Files::isRegularFile).sorted().toList()) {
        update(digest, packaged.relativize(file).toString().getBytes(StandardCharsets.UTF_8));
        update(digest, Files.readAllBytes(file));
      }
      return new Fingerprint(HexFormat.of().formatHex(digest.digest()));
    } catch (IOException e) {
      throw new ImageFailure("cannot read " + packaged + " and " + java, e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static byte[] code(Exercise exercise) throws IOException {
    Class<?> type = exercise.getClass();
    try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
      if (in == null) {
        throw new IllegalStateException(type + " has no file of its own");
      }
      return in.readAllBytes();
    }
  }

  /// With its length in front, so that nothing runs into the next.
  private static void update(MessageDigest digest, byte[] bytes) {
    digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
    digest.update(bytes);
  }

  /// Whether it is that of the layout in a directory.
  boolean isIn(Path root) {
    try {
      return Files.exists(file(root)) && Files.readString(file(root)).equals(value);
    } catch (IOException e) {
      throw new ImageFailure("cannot read " + file(root), e);
    }
  }

  /// Says that the layout is complete.
  void write(Path root) {
    try {
      Files.writeString(file(root), value);
    } catch (IOException e) {
      throw new ImageFailure("cannot write " + file(root), e);
    }
  }

  /// Says that the layout is being made.
  void remove(Path root) {
    try {
      Files.deleteIfExists(file(root));
    } catch (IOException e) {
      throw new ImageFailure("cannot delete " + file(root), e);
    }
  }

  private static Path file(Path root) {
    return root.resolveSibling(root.getFileName() + ".fingerprint");
  }
}
