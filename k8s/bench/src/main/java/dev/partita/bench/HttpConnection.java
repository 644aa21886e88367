package dev.partita.bench;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/// One kept-alive HTTP/1.1 connection that costs the client as little as possible, because clients
/// and nodes share the same cores: requests are one write.
final class HttpConnection implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 30_000;

  private final Socket socket;
  private final OutputStream output;
  private final InputStream input;
  private final String host;

  HttpConnection(InetSocketAddress address) throws IOException {
    this(address, TIMEOUT_MILLIS);
  }

  /// @param timeoutMillis how long to wait for the connection, and for each part of an answer
  HttpConnection(InetSocketAddress address, int timeoutMillis) throws IOException {
    this(address, timeoutMillis, new Socket());
  }

  /// A connection on which little is under way: what is not read stays with the server.
  static HttpConnection receiving(InetSocketAddress address, int bytesMax) throws IOException {
    var socket = new Socket();
    socket.setReceiveBufferSize(bytesMax);
    return new HttpConnection(address, TIMEOUT_MILLIS, socket);
  }

  private HttpConnection(InetSocketAddress address, int timeoutMillis, Socket socket)
      throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(timeoutMillis);
    socket.connect(address, timeoutMillis);
    output = socket.getOutputStream();
    input = new BufferedInputStream(socket.getInputStream(), 16 << 10);
    host = address.getHostString() + ":" + address.getPort();
  }

  /// An answer.
  ///
  /// @param tag the entity tag, empty if there is none
  /// @param retryAfter when to come again, empty if it does not say
  record Answer(int status, String tag, String retryAfter, String body) {}

  Answer send(String method, String path, byte[] body) throws IOException {
    return send(method, path, "", body);
  }

  /// @param headers further header lines, each with its line end
  Answer send(String method, String path, String headers, byte[] body) throws IOException {
    byte[] head = head(method, path, headers, body.length);
    byte[] request = new byte[head.length + body.length];
    System.arraycopy(head, 0, request, 0, head.length);
    System.arraycopy(body, 0, request, head.length, body.length);
    output.write(request);
    return read();
  }

  private byte[] head(String method, String path, String headers, int length) {
    return (method
            + " "
            + path
            + " HTTP/1.1\r\nHost: "
            + host
            + "\r\n"
            + headers
            + "Content-Type: application/json\r\nContent-Length: "
            + length
            + "\r\n\r\n")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /// Begins a request whose body follows piece by piece, by [#write].
  void begin(String method, String path, int length) throws IOException {
    output.write(head(method, path, "", length));
  }

  void write(byte[] piece) throws IOException {
    output.write(piece);
  }

  /// The answer, if it begins to come within some time.
  Optional<Answer> answerWithin(Duration patience) throws IOException {
    return startsWithin(patience, "") ? Optional.of(read()) : Optional.empty();
  }

  /// Whether an answer begins to come within some time, and in this way. Nothing of it is taken.
  boolean startsWithin(Duration patience, String start) throws IOException {
    int before = socket.getSoTimeout();
    socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
    int length = Math.max(1, start.length());
    input.mark(length);
    try {
      byte[] bytes = input.readNBytes(length);
      if (bytes.length < length) {
        throw new EOFException("the connection was closed");
      }
      return new String(bytes, StandardCharsets.ISO_8859_1).startsWith(start);
    } catch (SocketTimeoutException e) {
      return false;
    } finally {
      input.reset();
      socket.setSoTimeout(before);
    }
  }

  private Answer read() throws IOException {
    String statusLine = line();
    int status = Integer.parseInt(statusLine.substring(9, 12));
    int length = 0;
    boolean chunked = false;
    String tag = "";
    String retryAfter = "";
    for (String header = line(); !header.isEmpty(); header = line()) {
      if (header.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
        length = Integer.parseInt(header.substring(15).trim());
      } else if (header.toLowerCase(Locale.ROOT).startsWith("transfer-encoding:")) {
        chunked = true;
      } else if (header.toLowerCase(Locale.ROOT).startsWith("etag:")) {
        tag = header.substring(5).trim();
      } else if (header.toLowerCase(Locale.ROOT).startsWith("retry-after:")) {
        retryAfter = header.substring(12).trim();
      }
    }
    byte[] body = chunked ? chunks() : bytes(length);
    return new Answer(status, tag, retryAfter, new String(body, StandardCharsets.UTF_8));
  }

  private byte[] chunks() throws IOException {
    var body = new ByteArrayOutputStream();
    for (int length = chunkLength(); length > 0; length = chunkLength()) {
      body.writeBytes(bytes(length));
      line();
    }
    line();
    return body.toByteArray();
  }

  private int chunkLength() throws IOException {
    return Integer.parseInt(line().trim(), 16);
  }

  private byte[] bytes(int length) throws IOException {
    byte[] bytes = input.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("the answer was cut off");
    }
    return bytes;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder(64);
    for (int c = input.read(); c != '\n'; c = input.read()) {
      if (c < 0) {
        throw new EOFException("the connection was closed");
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
