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
/// @param version of the build, without qualifier
/// @param join tags to make one of, one for each architecture; none to build
record Options(
    List<Application> applications,
    Optional<String> base,
    Optional<String> registry,
    Path output,
    String tag,
    String version,
    List<String> join) {

  static final String SCRATCH = "scratch";

  static final String USAGE =
      """
      Usage: ./partita image [node] [operator] [--base IMAGE] [--registry REGISTRY] [--tag TAG] [--output DIRECTORY]
             ./partita image [node] [operator] --registry REGISTRY --join TAG,TAG... [--tag TAG]

        --base IMAGE          build on this image: it needs glibc and nothing else, such as
                              gcr.io/distroless/base-nossl-debian13, docker.io/library/debian:13-slim, or tar://FILE for one
                              saved by 'docker save'. Default: scratch, with the C library of this machine
        --registry REGISTRY   push to REGISTRY/partita/node:TAG and REGISTRY/partita/operator:TAG with the credentials of
                              'docker login'. Default: write OCI archives to the output directory
        --tag TAG             default: the version of the build
        --output DIRECTORY    default: .partita/images
        --join TAG,TAG...     build nothing: make the tag an index of what was pushed under these tags, one for each
                              architecture
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
    String released = version.replace("-SNAPSHOT", "");
    String tag = released;
    List<String> join = List.of();
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      switch (argument) {
        case "--base" ->
            base = Optional.of(value(arguments, ++i)).filter(each -> !each.equals(SCRATCH));
        case "--registry" -> registry = Optional.of(value(arguments, ++i));
        case "--output" -> output = Path.of(value(arguments, ++i));
        case "--tag" -> tag = value(arguments, ++i);
        case "--join" -> join = List.of(value(arguments, ++i).split(","));
        default ->
            applications.add(
                Application.ALL.stream()
                    .filter(each -> each.name().equals(argument))
                    .findFirst()
                    .orElseThrow(() ->
                        new ImageFailure("'" + argument + "' is not understood\n\n" + USAGE)));
      }
    }
    if (!join.isEmpty() && registry.isEmpty()) {
      throw new ImageFailure("--join needs --registry: it joins what was pushed there");
    }
    return new Options(
        applications.isEmpty() ? Application.ALL : List.copyOf(applications),
        base,
        registry,
        output.toAbsolutePath().normalize(),
        tag,
        released,
        join);
  }

  /// The name of an image without its tag.
  String repository(Application application) {
    return registry.map(each -> each + "/").orElse("") + "partita/" + application.name();
  }

  private static String value(List<String> arguments, int index) {
    if (index >= arguments.size()) {
      throw new ImageFailure(arguments.getLast() + " needs a value\n\n" + USAGE);
    }
    return arguments.get(index);
  }
}
