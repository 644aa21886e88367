package dev.partita.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The system libraries that programs of a layout need, as the dynamic linker of this machine finds
/// them: the C library, the loader, and what goes with them. An image with these needs no base.
final class SystemLibraries {
  private static final Pattern LINE =
      Pattern.compile("^\\s*(?:\\S+ => )?(/\\S+) \\(0x", Pattern.MULTILINE);

  private SystemLibraries() {}

  /// The libraries below a directory that is laid out, with their paths on this machine.
  static Set<Path> neededBy(Layout layout) {
    List<String> command = new ArrayList<>(List.of("ldd"));
    command.add(layout.java().resolve("bin/java").toString());
    try (Stream<Path> files = Files.walk(layout.root().resolve("opt"))) {
      files
          .filter(each -> each.toString().endsWith(".so") && Files.isRegularFile(each))
          // Graphics: their libraries are not there, and nothing draws.
          .filter(each ->
              !each.getFileName()
                  .toString()
                  .matches("lib(awt|splash|font|java?jpeg|lcms|mlib|jsound|jawt).*"))
          .map(Path::toString)
          .forEach(command::add);
    } catch (IOException e) {
      throw new ImageFailure("cannot list " + layout.root(), e);
    }
    Set<Path> libraries = new TreeSet<>();
    Matcher matcher = LINE.matcher(Shell.run(layout.root(), command));
    while (matcher.find()) {
      Path library = Path.of(matcher.group(1));
      if (!library.startsWith(layout.root())) {
        libraries.add(library);
      }
    }
    if (libraries.isEmpty()) {
      throw new ImageFailure("ldd finds no system libraries: name a base image with --base");
    }
    return libraries;
  }
}
