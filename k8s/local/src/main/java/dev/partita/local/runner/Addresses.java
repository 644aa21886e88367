package dev.partita.local.runner;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Gives each pod a loopback address that it keeps for ever, kept in the file `addresses`.
///
/// A pod that comes back under its name finds its data and its peers find it.
final class Addresses {
  /// Addresses from 127.0.1.1 on: 127.0.0.x is left to what else runs on the machine.
  private static final int FIRST = 257;

  private static final int LAST = (1 << 16) - 2;

  private final Path file;
  private final Map<String, String> byPod = new LinkedHashMap<>();

  Addresses(Path file) {
    this.file = file;
    try {
      for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
        int space = line.indexOf(' ');
        byPod.put(line.substring(space + 1), line.substring(0, space));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  synchronized String of(String namespace, String pod) {
    String key = namespace + "/" + pod;
    String known = byPod.get(key);
    if (known != null) {
      return known;
    }
    String address = free();
    byPod.put(key, address);
    save();
    return address;
  }

  private String free() {
    for (int host = FIRST; host <= LAST; host++) {
      String address = "127.0." + (host >> 8) + "." + (host & 0xff);
      boolean usable = (host & 0xff) != 0 && (host & 0xff) != 0xff;
      if (usable && !byPod.containsValue(address)) {
        return address;
      }
    }
    throw new IllegalStateException("all loopback addresses are taken");
  }

  private void save() {
    List<String> lines = new ArrayList<>();
    byPod.forEach((pod, address) -> lines.add(address + " " + pod));
    try {
      Files.write(file, lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
