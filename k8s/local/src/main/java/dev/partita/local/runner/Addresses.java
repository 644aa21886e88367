package dev.partita.local.runner;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Gives each pod a loopback address that it keeps as long as it can, kept in the file `addresses`.
///
/// A pod that comes back under its name finds its data and its peers find it. Each control plane of
/// a machine has a network of its own, 127.n.0.0/16: pods of two of them never meet. The network is
/// the same at every start, unless another control plane has taken it meanwhile; then all pods keep
/// the last two numbers of their addresses.
final class Addresses implements AutoCloseable {
  /// 127.0 is left to what else runs on the machine.
  private static final int NETWORK_FIRST = 1;

  private static final int NETWORK_LAST = 254;

  /// While a control plane listens here, at the first address of its network, no other takes the
  /// network. It is the port of a kubelet, which no pod listens on.
  private static final int CLAIM_PORT = 10_250;

  /// The addresses before are left to the machine itself.
  private static final int HOST_FIRST = 257;

  private static final int HOST_LAST = (1 << 16) - 2;

  private final Path file;
  private final Map<String, Integer> hostByPod = new LinkedHashMap<>();
  private final ServerSocket claim;
  private final int network;

  /// Takes a network until [#close].
  ///
  /// @throws IOException if every network is taken
  Addresses(Path file) throws IOException {
    this.file = file;
    int wanted = Math.floorMod(file.toString().hashCode(), NETWORK_LAST) + NETWORK_FIRST;
    for (String line : Files.exists(file) ? Files.readAllLines(file) : List.<String>of()) {
      int space = line.indexOf(' ');
      byte[] address = InetAddress.ofLiteral(line.substring(0, space)).getAddress();
      wanted = address[1] == 0 ? wanted : address[1] & 0xff;
      hostByPod.put(line.substring(space + 1), ((address[2] & 0xff) << 8) | (address[3] & 0xff));
    }
    this.claim = claim(wanted);
    this.network = claim.getInetAddress().getAddress()[1] & 0xff;
    save();
  }

  private static ServerSocket claim(int wanted) throws IOException {
    int networks = NETWORK_LAST - NETWORK_FIRST + 1;
    IOException failure = new IOException("no network was tried");
    for (int attempt = 0; attempt < networks; attempt++) {
      int network = NETWORK_FIRST + (wanted - NETWORK_FIRST + attempt) % networks;
      try {
        return new ServerSocket(CLAIM_PORT, 1, InetAddress.ofLiteral("127." + network + ".0.1"));
      } catch (IOException e) {
        failure = e;
      }
    }
    throw new IOException(
        "no loopback network 127.%d.0.0/16 to 127.%d.0.0/16 is free for the pods: end other control planes of this machine, or see whether it answers on all of 127.0.0.0/8"
            .formatted(NETWORK_FIRST, NETWORK_LAST),
        failure);
  }

  synchronized String of(String namespace, String pod) {
    String key = namespace + "/" + pod;
    Integer known = hostByPod.get(key);
    if (known != null) {
      return address(known);
    }
    int host = free();
    hostByPod.put(key, host);
    save();
    return address(host);
  }

  private int free() {
    for (int host = HOST_FIRST; host <= HOST_LAST; host++) {
      boolean usable = (host & 0xff) != 0 && (host & 0xff) != 0xff;
      if (usable && !hostByPod.containsValue(host)) {
        return host;
      }
    }
    throw new IllegalStateException("all loopback addresses are taken");
  }

  private String address(int host) {
    return "127." + network + "." + (host >> 8) + "." + (host & 0xff);
  }

  private void save() {
    List<String> lines = new ArrayList<>();
    hostByPod.forEach((pod, host) -> lines.add(address(host) + " " + pod));
    try {
      Files.write(file, lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Leaves the network to others.
  @Override
  public void close() {
    try {
      claim.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
