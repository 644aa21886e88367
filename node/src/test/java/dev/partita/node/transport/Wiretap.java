package dev.partita.node.transport;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/// Passes one connection on to a port of this machine, and remembers all bytes of both directions.
final class Wiretap implements AutoCloseable {
  private final ServerSocket server;
  private final ByteArrayOutputStream heard = new ByteArrayOutputStream();

  Wiretap(int target) throws IOException {
    server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().name("wiretap").start(() -> pass(target));
  }

  int port() {
    return server.getLocalPort();
  }

  byte[] heard() {
    return heard.toByteArray();
  }

  private void pass(int target) {
    try (Socket from = server.accept();
        Socket to = new Socket(InetAddress.getLoopbackAddress(), target)) {
      Thread back = Thread.ofVirtual().start(() -> copy(to, from));
      copy(from, to);
      back.join();
    } catch (IOException e) {
      // The test has closed the server.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void copy(Socket from, Socket to) {
    byte[] buffer = new byte[4096];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        heard.write(buffer, 0, count);
        out.write(buffer, 0, count);
      }
      to.shutdownOutput();
    } catch (IOException e) {
      // One side has hung up.
      return;
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
