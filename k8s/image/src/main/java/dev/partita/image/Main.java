package dev.partita.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The command line of `./partita image`.
public final class Main {
  private static final Pattern VERSION = Pattern.compile("<version>([^<]+)</version>");

  private Main() {}

  /// Builds the images and ends the process with its exit code.
  ///
  /// @param arguments see [Options#USAGE]
  public static void main(String[] arguments) {
    try {
      if (List.of(arguments).contains("--help")) {
        System.out.print(Options.USAGE);
        return;
      }
      Path checkout = Path.of(System.getProperty("partita.checkout", ".")).toAbsolutePath();
      build(checkout, Options.parse(List.of(arguments), checkout, version(checkout)));
    } catch (ImageFailure e) {
      System.err.println("partita: " + e.getMessage());
      System.exit(1);
    }
  }

  /// Builds or joins what the options say.
  static void build(Path checkout, Options options) {
    Path work = options.output().resolve("work");
    for (Application application : options.applications()) {
      if (!options.join().isEmpty()) {
        String joined =
            Registry.join(options.repository(application), options.tag(), options.join());
        System.out.println("joined: " + joined);
        continue;
      }
      Layout layout = trained(application, checkout, work.resolve(application.name()));
      System.out.println("written: " + new Image(application, layout, options, work).write());
    }
  }

  /// Lays an application out and trains it, unless that was done with exactly these files and this
  /// Java before.
  private static Layout trained(Application application, Path checkout, Path root) {
    Path packaged = application.packaged(checkout);
    Fingerprint fingerprint = Fingerprint.of(application, packaged);
    Layout before = new Layout(root);
    if (fingerprint.isIn(root) && Files.exists(before.cache())) {
      System.out.println("the " + application.name() + " is as it was when it was trained");
      return before;
    }
    fingerprint.remove(root);
    System.out.println("laying out the " + application.name());
    Layout layout = Layout.make(root, packaged);
    System.out.println("training it, for a fast start");
    Training.run(layout, application);
    fingerprint.write(root);
    return layout;
  }

  private static String version(Path checkout) {
    try {
      Matcher matcher = VERSION.matcher(Files.readString(checkout.resolve("pom.xml")));
      if (matcher.find()) {
        return matcher.group(1);
      }
    } catch (IOException e) {
      throw new ImageFailure("cannot read pom.xml of " + checkout, e);
    }
    throw new ImageFailure("pom.xml of " + checkout + " has no version");
  }
}
