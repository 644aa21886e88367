package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ServiceProxyTest {
  private @Nullable ServiceProxy proxy;

  @AfterEach
  void closeProxy() {
    if (proxy != null) {
      proxy.close();
    }
  }

  @Test
  void passesBytesBothWays() throws IOException {
    try (ServerSocket node = node()) {
      ServiceProxy started = start(List.of(address(node)));

      assertThat(ask(started.port(), "ping")).isEqualTo("echo ping");
    }
  }

  @Test
  void skipsANodeThatIsGone() throws IOException {
    try (Socket gone = refusing();
        ServerSocket node = node()) {
      ServiceProxy started =
          start(List.of((InetSocketAddress) gone.getLocalSocketAddress(), address(node)));

      for (int i = 0; i < 4; i++) {
        assertThat(ask(started.port(), "ping" + i)).isEqualTo("echo ping" + i);
      }
    }
  }

  @Test
  void closesTheConnectionWhenNoNodeIsReady() throws IOException {
    ServiceProxy started = start(List.of());

    assertThat(ask(started.port(), "")).isEmpty();
  }

  @Test
  void takesAnotherPortWhenTheWantedOneIsTaken() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      proxy = ServiceProxy.start(taken.getLocalPort(), List::of);

      assertThat(proxy.port()).isNotEqualTo(taken.getLocalPort());
    }
  }

  private ServiceProxy start(List<InetSocketAddress> nodes) {
    ServiceProxy started = ServiceProxy.start(0, () -> nodes);
    proxy = started;
    return started;
  }

  /// A server that answers each connection with `echo ` and what it got until the end of input.
  private static ServerSocket node() throws IOException {
    ServerSocket server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    Thread.startVirtualThread(() -> {
      while (!server.isClosed()) {
        try (Socket client = server.accept()) {
          byte[] input = client.getInputStream().readAllBytes();
          client.getOutputStream().write("echo ".getBytes(StandardCharsets.UTF_8));
          client.getOutputStream().write(input);
        } catch (IOException e) {
          return;
        }
      }
    });
    return server;
  }

  /// Holds a port that nobody listens on, so that nobody else can begin to.
  private static Socket refusing() throws IOException {
    var socket = new Socket();
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return socket;
  }

  private static InetSocketAddress address(ServerSocket server) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort());
  }

  private static String ask(int port, String text) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
