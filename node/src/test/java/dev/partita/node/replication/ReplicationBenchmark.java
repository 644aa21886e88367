package dev.partita.node.replication;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.management.OperatingSystemMXBean;
import dev.partita.node.TestCertificates;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.transport.Exclusion;
import dev.partita.node.transport.NameLookup;
import dev.partita.node.transport.NettyTransport;
import dev.partita.node.transport.PeerAddress;
import dev.partita.node.transport.TransportSettings;
import dev.partita.tls.CredentialDirectory;
import dev.partita.tls.TlsSockets;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Durable replicated writes of three processes on this machine, against what its disk can do:
/// `main` without arguments prints a table. Commands have 256 bytes; each writer waits for its
/// result before the next command. Then an idle cluster of many groups, and the time to a new
/// leader after the old one's process is killed. With `-Dpartita.benchmark.tls=true` the nodes
/// speak TLS.
public final class ReplicationBenchmark {
  private static final boolean TLS = Boolean.getBoolean("partita.benchmark.tls");
  private static final String CERTIFICATES = "certificates";
  private static final int COMMAND_BYTES = 256;
  private static final int[] WRITERS = {1, 16, 64};
  private static final Duration WARM_UP = Duration.ofSeconds(4);
  private static final Duration MEASURED = Duration.ofSeconds(6);
  private static final Duration IDLE = Duration.ofSeconds(10);
  private static final int IDLE_GROUPS = 100;
  private static final int NODES = 3;

  private ReplicationBenchmark() {}

  /// Runs the benchmark, or, with arguments, one of its nodes.
  public static void main(String[] args) throws Exception {
    if (args.length == 0) {
      runAll(System.out);
    } else {
      new BenchmarkNode(Integer.parseInt(args[0]), Path.of(args[1]), parsePorts(args[2])).serve();
    }
  }

  private static List<String> words(String line) {
    return List.of(line.split(" ", -1));
  }

  private static List<Integer> parsePorts(String text) {
    return Arrays.stream(text.split(",", -1)).map(Integer::valueOf).toList();
  }

  private static void runAll(PrintStream out) throws Exception {
    Path directory = Files.createTempDirectory("replication-benchmark");
    try {
      double floor = syncsPerSecond(directory.resolve("floor"));
      out.printf("disk: %.0f appends of 512 B with sync each second%n", floor);
      try (var cluster = new Processes(directory)) {
        cluster.awaitLeader(0);
        out.printf(
            "%-8s %10s %10s %10s %12s %14s%n",
            "writers", "ops/s", "p50 us", "p99 us", "of the disk", "cpu us/op (all)");
        // So that one writer is not charged with the compilation of everything.
        cluster.write(WRITERS[WRITERS.length - 1], WARM_UP.multipliedBy(2));
        for (int writers : WRITERS) {
          cluster.write(writers, WARM_UP);
          double cpuBefore = cluster.cpuSeconds();
          List<String> result = words(cluster.write(writers, MEASURED));
          double cpu = cluster.cpuSeconds() - cpuBefore;
          double operations = Double.parseDouble(result.get(1));
          out.printf(
              "%-8d %10.0f %10s %10s %12.2f %14.0f%n",
              writers,
              operations / MEASURED.toSeconds(),
              result.get(2),
              result.get(3),
              operations / MEASURED.toSeconds() / floor,
              cpu * 1e6 / operations);
        }
        cluster.idle(out);
        cluster.failover(out);
      }
    } finally {
      SnapshotFiles.delete(directory);
    }
  }

  /// The rate at which one thread can append to a preallocated file and sync it.
  private static double syncsPerSecond(Path file) throws IOException {
    int bytes = 512;
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(8 << 20), 0);
      channel.force(true);
      long end = System.nanoTime() + Duration.ofSeconds(2).toNanos();
      int count = 0;
      while (System.nanoTime() < end) {
        channel.write(ByteBuffer.allocate(bytes), (long) count % 16_000 * bytes);
        channel.force(false);
        count++;
      }
      return count / 2.0;
    }
  }

  /// The node processes, asked by lines on their standard input.
  private static final class Processes implements AutoCloseable {
    private final List<Process> processes = new ArrayList<>();
    private final List<BufferedReader> answers = new ArrayList<>();
    private int leader;

    Processes(Path directory) throws IOException {
      String ports =
          LongStream.range(0, NODES)
              .mapToObj(_ -> String.valueOf(freePort()))
              .collect(Collectors.joining(","));
      if (TLS) {
        new TestCertificates().write(directory.resolve(CERTIFICATES), TestCertificates.NODE);
      }
      for (int i = 1; i <= NODES; i++) {
        Process process =
            new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx256m",
                    "-XX:+UseSerialGC",
                    "-Dpartita.benchmark.tls=" + TLS,
                    "-cp",
                    System.getProperty("java.class.path"),
                    ReplicationBenchmark.class.getName(),
                    "" + i,
                    directory.resolve("node-" + i).toString(),
                    ports)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        processes.add(process);
        answers.add(new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8)));
      }
    }

    private static int freePort() {
      try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private String ask(int node, String question) throws IOException {
      processes.get(node).getOutputStream().write((question + "\n").getBytes(UTF_8));
      processes.get(node).getOutputStream().flush();
      String answer = answers.get(node).readLine();
      if (answer == null) {
        throw new IOException("A node has ended");
      }
      return answer;
    }

    void awaitLeader(int group) throws IOException {
      while (true) {
        for (int node = 0; node < NODES; node++) {
          if (processes.get(node).isAlive() && ask(node, "leads " + group).equals("true")) {
            leader = node;
            return;
          }
        }
      }
    }

    String write(int writers, Duration time) throws IOException {
      return ask(leader, "write " + writers + " " + time.toMillis());
    }

    double cpuSeconds() throws IOException {
      double sum = 0;
      for (int node = 0; node < NODES; node++) {
        if (processes.get(node).isAlive()) {
          sum += Double.parseDouble(ask(node, "cpu"));
        }
      }
      return sum;
    }

    void idle(PrintStream out) throws IOException, InterruptedException {
      for (int node = 0; node < NODES; node++) {
        ask(node, "open " + IDLE_GROUPS);
      }
      for (int group = 1; group <= IDLE_GROUPS; group++) {
        awaitLeader(group);
      }
      for (int sample = 0; sample < 2; sample++) {
        double before = cpuSeconds();
        Thread.sleep(IDLE);
        double cores = (cpuSeconds() - before) / IDLE.toSeconds() / NODES;
        out.printf(
            "idle, %d groups: %.1f %% of a core for each node%n", IDLE_GROUPS + 1, cores * 100);
      }
    }

    void failover(PrintStream out) throws IOException, InterruptedException {
      awaitLeader(0);
      write(1, Duration.ofSeconds(1));
      long start = System.nanoTime();
      processes.get(leader).destroyForcibly().waitFor();
      awaitLeader(0);
      write(1, Duration.ofMillis(1));
      out.printf("failover: %d ms%n", (System.nanoTime() - start) / 1_000_000);
    }

    @Override
    public void close() {
      processes.forEach(Process::destroyForcibly);
    }
  }

  /// One node: answers a line with a line.
  private static final class BenchmarkNode {
    private final ReplicationHost host;
    private final List<ReplicationGroup> groups = new ArrayList<>();
    private final Configuration members;

    BenchmarkNode(int number, Path directory, List<Integer> ports) throws IOException {
      var self = new NodeId(number);
      var transport =
          new NettyTransport(
              TransportSettings.DEFAULT,
              self,
              () -> "benchmark",
              Exclusion.NONE,
              new PeerAddress("127.0.0.1", ports.get(number - 1)),
              node -> new PeerAddress("127.0.0.1", ports.get((int) node.value() - 1)),
              NameLookup.system(),
              sockets(directory));
      host =
          new ReplicationHost(
              HostSettings.DEFAULT, directory, self, transport, System::nanoTime, new Quiet());
      members =
          Configuration.of(
              LongStream.rangeClosed(1, ports.size())
                  .mapToObj(NodeId::new)
                  .collect(Collectors.toSet()),
              Set.of());
      open();
    }

    private static @Nullable TlsSockets sockets(Path directory) throws IOException {
      return TLS
          ? TlsSockets.of(
              CredentialDirectory.open(directory.resolveSibling(CERTIFICATES), Duration.ofDays(1)),
              Set.of(TestCertificates.NODE))
          : null;
    }

    private void open() {
      groups.add(host.open(new GroupId(groups.size()), new CountingMachine(), members));
    }

    void serve() throws IOException, InterruptedException {
      var in = new BufferedReader(new InputStreamReader(System.in, UTF_8));
      String line;
      while ((line = in.readLine()) != null) {
        System.out.println(answer(words(line)));
        System.out.flush();
      }
    }

    private String answer(List<String> words) throws InterruptedException {
      return switch (words.getFirst()) {
        case "leads" -> String.valueOf(groups.get(Integer.parseInt(words.get(1))).status().leads());
        case "cpu" -> String.valueOf(cpuSeconds());
        case "open" -> {
          for (int i = 0; i < Integer.parseInt(words.get(1)); i++) {
            open();
          }
          yield "done";
        }
        case "write" -> write(Integer.parseInt(words.get(1)), Long.parseLong(words.get(2)));
        default -> throw new IllegalArgumentException("Unknown question: " + words.getFirst());
      };
    }

    private static double cpuSeconds() {
      var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      return system.getProcessCpuTime() / 1e9;
    }

    private String write(int writers, long millis) throws InterruptedException {
      var latencies = new ConcurrentLinkedQueue<List<Long>>();
      var done = new CountDownLatch(writers);
      long end = System.nanoTime() + millis * 1_000_000;
      for (int i = 0; i < writers; i++) {
        Thread.ofVirtual()
            .start(() -> {
              latencies.add(writeUntil(end));
              done.countDown();
            });
      }
      done.await();
      List<Long> all = new ArrayList<>();
      latencies.forEach(all::addAll);
      Collections.sort(all);
      return "done " + all.size() + " " + micros(all, 0.5) + " " + micros(all, 0.99);
    }

    private static long micros(List<Long> sorted, double quantile) {
      return sorted.isEmpty() ? 0 : sorted.get((int) (sorted.size() * quantile)) / 1000;
    }

    private List<Long> writeUntil(long end) {
      var latencies = new ArrayList<Long>();
      try {
        do {
          long start = System.nanoTime();
          groups.getFirst().propose(new byte[COMMAND_BYTES]).get();
          latencies.add(System.nanoTime() - start);
        } while (System.nanoTime() < end);
      } catch (ExecutionException | InterruptedException e) {
        System.err.println("A writer has ended: " + e);
      }
      return latencies;
    }
  }

  private static final class Quiet implements HostListener {
    @Override
    public void unknownGroup(GroupId group, NodeId from) {}

    @Override
    public void replicaFailed(GroupId group, Throwable cause) {
      System.err.println("A replica has failed: " + cause);
    }

    @Override
    public void failed(Throwable cause) {
      System.err.println("The host has failed: " + cause);
    }
  }

  /// Counts commands, and says at once that they are durable: the log is what is measured.
  private static final class CountingMachine implements StateMachine {
    private volatile SnapshotMark mark = SnapshotMark.NONE;
    private long count;

    @Override
    public SnapshotMark mark() {
      return mark;
    }

    @Override
    public long durableIndex() {
      return mark.index();
    }

    @Override
    public void flushSoon() {}

    @Override
    public List<Object> apply(List<Command> committed) {
      var results = new ArrayList<Object>(committed.size());
      for (Command _ : committed) {
        results.add(++count);
      }
      Command last = committed.getLast();
      mark = new SnapshotMark(last.index(), last.term(), mark.configuration());
      return results;
    }

    @Override
    public void applyConfiguration(long index, long term, Configuration configuration) {
      mark = new SnapshotMark(index, term, configuration);
    }

    @Override
    public SnapshotSource openSnapshot() throws IOException {
      throw new IOException("No snapshots in the benchmark");
    }

    @Override
    public void install(Path directory, SnapshotMark newMark) throws IOException {
      throw new IOException("No snapshots in the benchmark");
    }

    @Override
    public void leaderChanged(@Nullable NodeId leader, long term, boolean self) {}

    @Override
    public void close() {}
  }
}
