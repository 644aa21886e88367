package dev.partita.node;

import dev.partita.node.transport.NameLookup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Looks names up in a file in hosts format before it asks the next one. The file is read again
/// when it has changed; while it is missing it knows no names. Each line is an address and names,
/// `#` begins a comment.
final class HostsFile implements NameLookup {
  private final Path file;
  private final NameLookup next;

  /// Guarded by this.
  private @Nullable FileTime read;

  /// Guarded by this.
  private Map<String, String> addresses = Map.of();

  HostsFile(Path file, NameLookup next) {
    this.file = file;
    this.next = next;
  }

  @Override
  public InetAddress lookup(String host) throws UnknownHostException {
    String address = addresses().get(host);
    return address == null ? next.lookup(host) : InetAddress.getByName(address);
  }

  private synchronized Map<String, String> addresses() {
    try {
      FileTime modified = Files.getLastModifiedTime(file);
      if (!modified.equals(read)) {
        addresses = parse(Files.readString(file));
        read = modified;
      }
    } catch (IOException e) {
      // Not there yet, or being replaced: the names known so far are better than none.
      read = null;
    }
    return addresses;
  }

  private static Map<String, String> parse(String text) {
    Map<String, String> addresses = new HashMap<>();
    text.lines()
        .map(line -> line.replaceAll("#.*", "").strip())
        .filter(line -> !line.isEmpty())
        .map(line -> line.split("\\s+"))
        .forEach(words -> {
          for (int i = 1; i < words.length; i++) {
            addresses.putIfAbsent(words[i], words[0]);
          }
        });
    return addresses;
  }
}
