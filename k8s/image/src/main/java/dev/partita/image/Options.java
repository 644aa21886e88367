package dev.partita.image;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The command line of `./partita image`.
///
/// @param applications what to build
/// @param base image to build on, none for the system libraries of this machine
/// @param registry where to push to, none for tar files
/// @param output directory of the tar files
/// @param tag of the images
record Options(
    List<Application> applications,
    Optional<String> base,
    Optional<String> registry,
    Path output,
    String tag) {

  static final String SCRATCH = "scratch";

  static final String USAGE =
      """
      Usage: ./partita image [node] [operator] [--base IMAGE] [--registry REGISTRY] [--tag TAG] [--output DIRECTORY]

        --base IMAGE          build on this image: it needs glibc and nothing else, such as
                              gcr.io/distroless/base-nossl-debian13, docker.io/library/debian:13-slim, or tar://FILE for one
                              saved by 'docker save'. Default: scratch, with the C library of this machine
        --registry REGISTRY   push to REGISTRY/partita/node:TAG and REGISTRY/partita/operator:TAG with the credentials of
                              'docker login'. Default: write OCI archives to the output directory
        --tag TAG             default: the version of the build
        --output DIRECTORY    default: .partita/images
      """;

  /// Parses the arguments.
  ///
  /// @param version of the build
  /// @throws ImageFailure naming what is not understood
  static Options parse(List<String> arguments, Path checkout, String version) {
    List<Application> applications = new ArrayList<>();
    Optional<String> base = Optional.empty();
    Optional<String> registry = Optional.empty();
    Path output = checkout.resolve(".partita/images");
    String tag = version.replace("-SNAPSHOT", "");
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      switch (argument) {
        case "--base" ->
            base = Optional.of(value(arguments, ++i)).filter(each -> !each.equals(SCRATCH));
        case "--registry" -> registry = Optional.of(value(arguments, ++i));
        case "--output" -> output = Path.of(value(arguments, ++i));
        case "--tag" -> tag = value(arguments, ++i);
        default ->
            applications.add(
                Application.ALL.stream()
                    .filter(each -> each.name().equals(argument))
                    .findFirst()
                    .orElseThrow(() ->
                        new ImageFailure("'" + argument + "' is not understood\n\n" + USAGE)));
      }
    }
    return new Options(
        applications.isEmpty() ? Application.ALL : List.copyOf(applications),
        base,
        registry,
        output.toAbsolutePath().normalize(),
        tag);
  }

  private static String value(List<String> arguments, int index) {
    if (index >= arguments.size()) {
      throw new ImageFailure(arguments.getLast() + " needs a value\n\n" + USAGE);
    }
    return arguments.get(index);
  }
}
