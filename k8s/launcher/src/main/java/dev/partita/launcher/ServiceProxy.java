package dev.partita.launcher;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/// One loopback port in front of all ready nodes, as a Kubernetes Service would be: each connection
/// goes to the next ready node, and past one that refuses it.
///
/// Two virtual threads carry a connection. At most [#CONNECTIONS_MAX] connections are open at a
/// time; further ones wait in the kernel's accept queue.
final class ServiceProxy implements AutoCloseable {
  /// Enough for a load test from this machine, few enough to bound file descriptors.
  private static final int CONNECTIONS_MAX = 1024;

  private static final int CONNECT_TIMEOUT_MILLIS = 1_000;

  private final ServerSocket server;
  private final Supplier<List<InetSocketAddress>> readyNodes;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Semaphore connections = new Semaphore(CONNECTIONS_MAX);
  private final AtomicInteger turn = new AtomicInteger();

  private ServiceProxy(ServerSocket server, Supplier<List<InetSocketAddress>> readyNodes) {
    this.server = server;
    this.readyNodes = readyNodes;
  }

  /// Listens on the wanted port of 127.0.0.1, or on a free one when that is taken.
  static ServiceProxy start(int wantedPort, Supplier<List<InetSocketAddress>> readyNodes) {
    ServiceProxy proxy = new ServiceProxy(bind(wantedPort), readyNodes);
    proxy.threads.execute(proxy::acceptAll);
    return proxy;
  }

  int port() {
    return server.getLocalPort();
  }

  @Override
  public void close() {
    closeQuietly(server);
    threads.shutdownNow();
  }

  private static ServerSocket bind(int wantedPort) {
    try {
      try {
        return new ServerSocket(wantedPort, 128, InetAddress.getLoopbackAddress());
      } catch (IOException taken) {
        return new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot listen on 127.0.0.1", e);
    }
  }

  private void acceptAll() {
    while (!server.isClosed()) {
      try {
        connections.acquire();
        Socket client = server.accept();
        threads.execute(() -> serve(client));
      } catch (IOException e) {
        connections.release();
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void serve(Socket client) {
    try (client;
        Socket node = connect()) {
      client.setTcpNoDelay(true);
      node.setTcpNoDelay(true);
      Thread upstream = Thread.startVirtualThread(() -> copy(client, node));
      copy(node, client);
      upstream.join();
    } catch (IOException e) {
      // The client sees its connection closed, as with any service without endpoints.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      connections.release();
    }
  }

  private Socket connect() throws IOException {
    List<InetSocketAddress> nodes = readyNodes.get();
    IOException last = new IOException("no node is ready");
    int first = turn.getAndIncrement() & Integer.MAX_VALUE;
    for (int i = 0; i < nodes.size(); i++) {
      Socket socket = new Socket();
      try {
        socket.connect(nodes.get((first + i) % nodes.size()), CONNECT_TIMEOUT_MILLIS);
        return socket;
      } catch (IOException e) {
        closeQuietly(socket);
        last = e;
      }
    }
    throw last;
  }

  private static void copy(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
      to.shutdownOutput();
    } catch (IOException e) {
      closeQuietly(from);
      closeQuietly(to);
    }
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      // Closing a broken connection has nothing left to tell.
    }
  }
}
