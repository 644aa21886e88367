package dev.partita.bench;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Three etcd members on loopback (Debian package `etcd-server`), for comparison on the same work.
final class Etcd implements AutoCloseable {
  private static final int MEMBERS = 3;
  private static final long START_TIMEOUT_NANOS = 30_000_000_000L;

  /// `etcdserverpb.KV/Put` of etcd's rpc.proto, with its messages as bytes.
  private static final MethodDescriptor<byte[], byte[]> PUT =
      MethodDescriptor.<byte[], byte[]>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("etcdserverpb.KV/Put")
          .setRequestMarshaller(new Bytes())
          .setResponseMarshaller(new Bytes())
          .build();

  private final List<Process> processes = new ArrayList<>();
  private final List<Integer> clientPorts;

  private Etcd(List<Integer> clientPorts) {
    this.clientPorts = clientPorts;
  }

  /// The program, if this machine has it.
  static Optional<Path> program() {
    return Stream.of(Optional.ofNullable(System.getenv("PATH")).orElse("").split(":"))
        .map(directory -> Path.of(directory, "etcd"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  static Etcd start(Path program, Path directory) throws IOException, InterruptedException {
    List<Integer> ports = Ports.free(2 * MEMBERS);
    Etcd etcd = new Etcd(ports.subList(0, MEMBERS));
    String cluster =
        IntStream.range(0, MEMBERS)
            .mapToObj(i -> "m" + i + "=http://127.0.0.1:" + ports.get(MEMBERS + i))
            .collect(Collectors.joining(","));
    for (int i = 0; i < MEMBERS; i++) {
      String client = "http://127.0.0.1:" + ports.get(i);
      String peer = "http://127.0.0.1:" + ports.get(MEMBERS + i);
      Path data = Files.createDirectories(directory.resolve("etcd-" + i));
      etcd.processes.add(
          Children.start(
              new ProcessBuilder(
                      program.toString(),
                      "--name",
                      "m" + i,
                      "--data-dir",
                      data.toString(),
                      "--listen-client-urls",
                      client,
                      "--advertise-client-urls",
                      client,
                      "--listen-peer-urls",
                      peer,
                      "--initial-advertise-peer-urls",
                      peer,
                      "--initial-cluster",
                      cluster,
                      "--initial-cluster-token",
                      "bench")
                  .redirectErrorStream(true)
                  .redirectOutput(data.resolve("log").toFile())));
    }
    etcd.awaitWritable();
    return etcd;
  }

  /// A client with a connection of its own; clients are spread over the members.
  Load.Client client(int number, int valueBytes) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", clientPorts.get(number % MEMBERS))
            .usePlaintext()
            .directExecutor()
            .build();
    byte[] value = new byte[valueBytes];
    return new Load.Client() {
      @Override
      public void run(long sequence) {
        put(channel, "k" + number + "-" + sequence, value);
      }

      @Override
      public void close() {
        channel.shutdownNow();
      }
    };
  }

  @Override
  public void close() {
    processes.forEach(Process::destroyForcibly);
    processes.forEach(process -> process.onExit().join());
  }

  private void awaitWritable() throws InterruptedException {
    long deadline = System.nanoTime() + START_TIMEOUT_NANOS;
    while (true) {
      try (Load.Client probe = client(0, 1)) {
        probe.run(0);
        return;
      } catch (Exception e) {
        if (System.nanoTime() > deadline) {
          close();
          throw new IllegalStateException("etcd did not start", e);
        }
        Thread.sleep(200);
      }
    }
  }

  /// PutRequest: key is field 1, value field 2.
  private static void put(ManagedChannel channel, String key, byte[] value) {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    field(request, 1, key.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    field(request, 2, value);
    byte[] unused =
        ClientCalls.blockingUnaryCall(channel, PUT, CallOptions.DEFAULT, request.toByteArray());
    if (unused.length == 0) {
      throw new IllegalStateException("an answer without a header");
    }
  }

  private static void field(ByteArrayOutputStream out, int number, byte[] bytes) {
    out.write((number << 3) | 2);
    int length = bytes.length;
    while (length >= 0x80) {
      out.write((length & 0x7f) | 0x80);
      length >>>= 7;
    }
    out.write(length);
    out.writeBytes(bytes);
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
