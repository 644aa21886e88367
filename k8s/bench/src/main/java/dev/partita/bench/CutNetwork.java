package dev.partita.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// A network between three nodes that can be cut in each direction of each pair. Every node reaches
/// every other by a relay of its own: the relay to node j that node i uses listens on the loopback
/// address 127.1.i.j, and i's hosts file says so. (Linux has all of 127.0.0.0/8.)
///
/// What is under way when a direction is cut arrives late, when it is healed, as on a real network
/// that sends again: unless the nodes have given up the connection.
final class CutNetwork implements Nodes.Wiring, AutoCloseable {
  private static final int COUNT = 3;
  private static final int BUFFER_BYTES = 64 << 10;

  private final Path directory;
  private final boolean[][] cut = new boolean[COUNT][COUNT];
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition healed = lock.newCondition();
  private final List<ServerSocket> relays = new ArrayList<>();
  private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
  private volatile boolean closed;

  /// @param directory for the hosts files
  CutNetwork(Path directory) {
    this.directory = directory;
  }

  @Override
  public String advertised(int node, int port) {
    return name(node) + ":" + port;
  }

  private static String name(int node) {
    return "node-" + node + ".cut";
  }

  @Override
  public Optional<Path> hostsFile(int node) {
    return Optional.of(directory.resolve("hosts-" + node));
  }

  @Override
  public void open(List<Integer> ports) throws IOException {
    for (int from = 0; from < COUNT; from++) {
      StringBuilder hosts = new StringBuilder();
      for (int to = 0; to < COUNT; to++) {
        String address = "127.0.0.1";
        if (from != to) {
          address = "127.1." + (from + 1) + "." + (to + 1);
          relay(from, to, address, ports.get(to));
        }
        hosts.append(address).append(' ').append(name(to)).append('\n');
      }
      Files.writeString(directory.resolve("hosts-" + from), hosts);
    }
  }

  // Cuts

  /// Lets nothing through from one node to another; what the other says still arrives.
  void cut(int from, int to) {
    lock.lock();
    try {
      cut[from][to] = true;
    } finally {
      lock.unlock();
    }
  }

  void cutBoth(int one, int other) {
    cut(one, other);
    cut(other, one);
  }

  void isolate(int node) {
    cutBoth(node, (node + 1) % COUNT);
    cutBoth(node, (node + 2) % COUNT);
  }

  void heal() {
    lock.lock();
    try {
      for (boolean[] row : cut) {
        Arrays.fill(row, false);
      }
      healed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void awaitPassage(int from, int to) {
    lock.lock();
    try {
      while (cut[from][to] && !closed) {
        healed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  // Relays

  private void relay(int from, int to, String address, int port) throws IOException {
    ServerSocket listening = new ServerSocket();
    relays.add(listening);
    listening.bind(new InetSocketAddress(InetAddress.getByName(address), port));
    Thread.ofVirtual()
        .start(() -> {
          try {
            while (true) {
              Socket dialled = listening.accept();
              Thread.ofVirtual().start(() -> connect(from, to, dialled, port));
            }
          } catch (IOException e) {
            // Closed with the network.
          }
        });
  }

  private void connect(int from, int to, Socket dialled, int port) {
    sockets.add(dialled);
    Socket target = new Socket();
    sockets.add(target);
    try {
      dialled.setTcpNoDelay(true);
      target.setTcpNoDelay(true);
      target.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (IOException e) {
      close(dialled, target);
      return;
    }
    Thread.ofVirtual().start(() -> pump(from, to, dialled, target));
    pump(to, from, target, dialled);
  }

  /// Carries what one side says to the other, its end included.
  private void pump(int from, int to, Socket source, Socket target) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try {
      InputStream input = source.getInputStream();
      OutputStream output = target.getOutputStream();
      for (int count = input.read(buffer); count >= 0; count = input.read(buffer)) {
        awaitPassage(from, to);
        output.write(buffer, 0, count);
      }
    } catch (IOException e) {
      // One of the two has ended it.
    }
    awaitPassage(from, to);
    close(source, target);
  }

  private void close(Socket source, Socket target) {
    for (Socket socket : List.of(source, target)) {
      sockets.remove(socket);
      try {
        socket.close();
      } catch (IOException e) {
        // It is closed all the same.
      }
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    heal();
    for (ServerSocket relay : relays) {
      relay.close();
    }
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
