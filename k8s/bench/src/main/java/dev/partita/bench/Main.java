package dev.partita.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;

/// `./partita bench [--seconds N] [--only CHAPTER,…]`: all chapters in one run, or some, each
/// figure beside its floor.
public final class Main {
  private static final int DOCUMENTS = 10_000;
  private static final int VALUE_BYTES = 256;
  private static final int[] CLIENTS = {1, 16, 64};
  private static final int[] PARTITIONS = {1, 10, 100};
  private static final int ROUNDS = 3;
  private static final int KILLS = 10;

  /// About what the network disks of clouds take.
  private static final int SLOW_SYNC_MILLIS = 1;

  private static final String COLLECTION = "bench";
  private static final byte[] EMPTY = {};

  /// The chapters, as `--only` names them.
  private enum Chapter {
    BASE,
    TRANSACTIONS,
    IDLE,
    PAUSES,
    HOT,
    SPREAD,
    OPERATOR
  }

  private final Path checkout;
  private final Path jar;
  private final Path directory;
  private final Duration duration;

  private Main(Path checkout, Path directory, Duration duration) {
    this.checkout = checkout;
    this.jar = checkout.resolve("node/target/quarkus-app/quarkus-run.jar");
    this.directory = directory;
    this.duration = duration;
  }

  /// Runs all chapters, or those that were asked for.
  ///
  /// @param arguments `--seconds N`: how long each load of the first chapters runs, 5 unless told
  ///   otherwise; `--only NAME,…`: which chapters
  public static void main(String[] arguments) throws IOException {
    long seconds = 5;
    Set<Chapter> chapters = EnumSet.allOf(Chapter.class);
    for (int i = 0; i < arguments.length; i += 2) {
      String value = i + 1 < arguments.length ? arguments[i + 1] : "";
      if (arguments[i].equals("--seconds") && value.matches("[1-9][0-9]{0,2}")) {
        seconds = Long.parseLong(value);
      } else if (arguments[i].equals("--only")) {
        chapters = chapters(value);
      } else {
        chapters = Set.of();
      }
      if (chapters.isEmpty()) {
        System.err.println(
            "Usage: ./partita bench [--seconds N] [--only " + names("|") + "[,...]]");
        System.exit(2);
      }
    }
    Path checkout =
        Path.of(System.getProperty("partita.checkout", ".")).toAbsolutePath().normalize();
    Path directory = Files.createDirectories(checkout.resolve(".partita")).resolve("bench");
    Directories.delete(directory);
    Files.createDirectories(directory);
    int exit = 0;
    try {
      new Main(checkout, directory, Duration.ofSeconds(seconds)).run(chapters);
    } catch (Exception e) {
      e.printStackTrace();
      exit = 1;
    }
    Directories.delete(directory);
    // Clients and control planes have threads that would go on.
    System.exit(exit);
  }

  /// Empty if one of them is unknown.
  private static Set<Chapter> chapters(String names) {
    Set<Chapter> chapters = EnumSet.noneOf(Chapter.class);
    for (String name : names.split(",", -1)) {
      Optional<Chapter> chapter =
          Arrays.stream(Chapter.values()).filter(each -> name(each).equals(name)).findFirst();
      if (chapter.isEmpty()) {
        return Set.of();
      }
      chapters.add(chapter.get());
    }
    return chapters;
  }

  private static String names(String separator) {
    return Arrays.stream(Chapter.values()).map(Main::name).collect(Collectors.joining(separator));
  }

  private static String name(Chapter chapter) {
    return chapter.name().toLowerCase(Locale.ROOT);
  }

  private void run(Set<Chapter> chapters) throws Exception {
    Table.line(
        "%d processors, %s of each load, documents of %d bytes; ratios count, absolute figures drift",
        Runtime.getRuntime().availableProcessors(), duration, VALUE_BYTES);
    for (Chapter chapter : chapters) {
      switch (chapter) {
        case BASE -> base();
        case TRANSACTIONS -> transactions();
        case IDLE -> idle();
        case PAUSES -> new Pauses(jar, directory).run();
        case HOT ->
            new HotRange(checkout, directory).run(checkout.resolve(".partita/hot-range.svg"));
        case SPREAD -> new Spread(checkout, directory).run();
        case OPERATOR -> new ManyPartitions(checkout, directory).run();
      }
    }
  }

  private void base() throws Exception {
    Load.Result fsync = Floors.fsync(directory, duration);
    try (Nodes nodes = Nodes.start(jar, directory)) {
      nodes.createPartition(
          "bench-range", COLLECTION, (ObjectNode) Nodes.JSON.readTree("{\"range\":{}}"));
      warmUp(nodes, number -> writer(nodes, number));
      writes(nodes, fsync);
      reads(nodes);
      queries(nodes);
      failover(nodes);
    }
  }

  private void transactions() throws Exception {
    try (Nodes nodes = Nodes.start(jar, directory.resolve("transactions"))) {
      var transactions = new Transactions(nodes, duration, VALUE_BYTES);
      transactions.run("fsync on", CLIENTS);
      transactions.contention();
      new ReadOnly(nodes, duration, VALUE_BYTES).run(CLIENTS);
    }
    transactionsOnSlowDisks();
    ReadOnly.timestamps(directory.resolve("timestamps"), duration, CLIENTS);
  }

  /// Where waiting for disks counts for more than this machine's processors, which three nodes and
  /// their clients share.
  private void transactionsOnSlowDisks() throws Exception {
    Path slow = Files.createDirectories(directory.resolve("slow-disks"));
    var faults = new NodeFaults(slow);
    Nodes.Wiring wiring =
        new Nodes.Wiring() {
          @Override
          public List<String> javaOptions(int node) {
            return faults.javaOptions(node);
          }
        };
    try (Nodes nodes = Nodes.start(jar, slow, new Nodes.Setup(wiring, Map.of()))) {
      for (int node = 0; node < Nodes.COUNT; node++) {
        NodeFaults.requireIn(nodes.log(node));
        faults.slowDisk(node, SLOW_SYNC_MILLIS);
      }
      new Transactions(nodes, duration, VALUE_BYTES)
          .run("each sync %d ms longer".formatted(SLOW_SYNC_MILLIS), CLIENTS);
    }
  }

  private void warmUp(Nodes nodes, Load.ClientFactory... loads) throws IOException {
    new WarmUp(nodes, duration).run(List.of(loads));
  }

  private void writes(Nodes nodes, Load.Result fsync) throws Exception {
    Table.chapter("Durable replicated writes: three node processes, fsync on");
    Table.head("one writer's append + fsync");
    Table.row("this disk, 4 KiB append + fsync, 1 writer", fsync, fsync.operationsPerSecond());
    Optional<Path> etcd = Etcd.program();
    for (int clients : CLIENTS) {
      List<Load.Result> ours = new ArrayList<>();
      List<Load.Result> theirs = new ArrayList<>();
      // In turn, so that what drifts on the machine meets both.
      for (int round = 0; round < ROUNDS; round++) {
        ours.add(Load.run(clients, duration, number -> writer(nodes, number)));
        if (etcd.isPresent()) {
          theirs.add(etcdWrites(etcd.get(), clients));
        }
      }
      Load.Result our = Load.median(ours);
      Table.row("Partita, " + clients + " writers", our, fsync.operationsPerSecond());
      if (!theirs.isEmpty()) {
        Load.Result their = Load.median(theirs);
        Table.row("etcd, " + clients + " writers", their, fsync.operationsPerSecond());
        Table.line(
            "%-44s %12.2f",
            "Partita / etcd, " + clients + " writers",
            our.operationsPerSecond() / their.operationsPerSecond());
      }
    }
    if (etcd.isEmpty()) {
      Table.line("no etcd on this machine to compare with: apt-get install etcd-server");
    }
  }

  private Load.Result etcdWrites(Path program, int clients) throws Exception {
    Path data = directory.resolve("etcd-" + clients);
    try (Etcd etcd = Etcd.start(program, data)) {
      return Load.run(clients, duration, number -> etcd.client(number, VALUE_BYTES));
    } finally {
      Directories.delete(data);
    }
  }

  private static Load.Client writer(Nodes nodes, int number) throws IOException {
    HttpConnection connection = new HttpConnection(nodes.address(number % 3));
    byte[] body =
        ("{\"v\":\"" + "x".repeat(VALUE_BYTES - 8) + "\"}").getBytes(StandardCharsets.UTF_8);
    return client(
        connection,
        sequence -> expect(connection, "PUT", path("w" + number + "-" + sequence), body, 201, 200));
  }

  private void reads(Nodes nodes) throws Exception {
    Table.chapter("Linearizable point reads of cached documents");
    fill(nodes);
    InetSocketAddress leader = nodes.address(nodes.leader("bench-range"));
    InetSocketAddress follower = nodes.address((nodes.leader("bench-range") + 1) % 3);
    warmUp(nodes, _ -> reader(leader), _ -> reader(follower));
    byte[] value = new byte[VALUE_BYTES];
    Load.Result floor = Floors.gets(directory, DOCUMENTS, value, 1, duration);
    Table.head("bare RocksDB gets, 1 client");
    Table.row("RocksDB get, 1 client", floor, floor.operationsPerSecond());
    try (InProcess engine =
        InProcess.start(directory.resolve("in-process"), DOCUMENTS, VALUE_BYTES)) {
      Table.row(
          "in-process at the leader, 1 client",
          Load.runOnVirtualThreads(1, duration, number -> engine.reader()),
          floor.operationsPerSecond());
    }
    for (int clients : CLIENTS) {
      Table.row(
          "HTTP at the leader, " + clients + " clients",
          Load.run(clients, duration, number -> reader(leader)),
          floor.operationsPerSecond());
    }
    Table.row(
        "HTTP through another node, 16 clients",
        Load.run(16, duration, number -> reader(follower)),
        floor.operationsPerSecond());
  }

  private static Load.Client reader(InetSocketAddress node) throws IOException {
    HttpConnection connection = new HttpConnection(node);
    return client(
        connection,
        sequence ->
            expect(
                connection,
                "GET",
                path("d" + ThreadLocalRandom.current().nextInt(DOCUMENTS)),
                EMPTY,
                200,
                200));
  }

  private void queries(Nodes nodes) throws Exception {
    Table.chapter("Index queries: 10 entries of one term");
    nodes.createIndex(
        "bench-color",
        (ObjectNode)
            Nodes.JSON.readTree(
                "{\"collection\":\"bench\",\"terms\":[{\"field\":\"color\"}],\"values\":[{\"field\":\"size\",\"descending\":false}],\"unique\":false}"));
    InetSocketAddress leader = nodes.address(nodes.leader("bench-range"));
    warmUp(nodes, _ -> querier(leader));
    Load.Result one = Load.run(1, duration, number -> querier(leader));
    Table.head("1 client");
    Table.row("HTTP, 1 client", one, one.operationsPerSecond());
    Table.row(
        "HTTP, 16 clients",
        Load.run(16, duration, number -> querier(leader)),
        one.operationsPerSecond());
  }

  private static Load.Client querier(InetSocketAddress node) throws IOException {
    HttpConnection connection = new HttpConnection(node);
    return client(
        connection,
        sequence ->
            expect(
                connection,
                "POST",
                "/v1/query",
                ("{\"index\":\"bench-color\",\"terms\":["
                        + ThreadLocalRandom.current().nextInt(100)
                        + "],\"limit\":10}")
                    .getBytes(StandardCharsets.UTF_8),
                200,
                200));
  }

  private static void fill(Nodes nodes) throws IOException {
    try (HttpConnection connection =
        new HttpConnection(nodes.address(nodes.leader("bench-range")))) {
      for (int from = 0; from < DOCUMENTS; from += 500) {
        StringBuilder batch = new StringBuilder("[");
        for (int i = from; i < from + 500; i++) {
          batch.append(i == from ? "" : ",");
          batch.append("{\"id\":\"d").append(i).append("\",\"color\":").append(i % 100);
          batch
              .append(",\"size\":")
              .append(i)
              .append(",\"v\":\"")
              .append("x".repeat(VALUE_BYTES - 40))
              .append("\"}");
        }
        byte[] body = batch.append(']').toString().getBytes(StandardCharsets.UTF_8);
        expect(
            connection,
            "POST",
            "/v1/collections/" + COLLECTION + "/documents?onConflict=replace",
            body,
            200,
            200);
      }
    }
  }

  private void failover(Nodes nodes) throws Exception {
    Table.chapter("Failover: from kill -9 of the leader to the next acknowledged write");
    List<Double> millis = new ArrayList<>();
    for (int i = 0; i < KILLS; i++) {
      int leader = nodes.leader("bench-range");
      InetSocketAddress other = nodes.address((leader + 1) % 3);
      long start = System.nanoTime();
      nodes.kill(leader);
      writeUntilAcknowledged(other, "failover-" + i);
      millis.add((System.nanoTime() - start) / 1e6);
      nodes.restart(leader);
      nodes.awaitReady(leader);
      nodes.awaitActive("bench-range");
    }
    millis.sort(Comparator.naturalOrder());
    Table.line(
        "median of %d: %.0f ms (fastest %.0f, slowest %.0f)",
        KILLS, millis.get(KILLS / 2), millis.getFirst(), millis.getLast());
  }

  private static void writeUntilAcknowledged(InetSocketAddress node, String key) {
    byte[] body = "{}".getBytes(StandardCharsets.UTF_8);
    while (true) {
      try (HttpConnection connection = new HttpConnection(node)) {
        int status = connection.send("PUT", path(key), body).status();
        if (status == 200 || status == 201) {
          return;
        }
      } catch (IOException e) {
        // Tried again until the bound of the whole benchmark: the node is up, its leader is not.
      }
    }
  }

  private void idle() throws Exception {
    Table.chapter("Idle nodes: resident memory and processor time of each of three");
    try (Nodes nodes = Nodes.start(jar, directory.resolve("idle"))) {
      int made = 0;
      for (int partitions : PARTITIONS) {
        for (; made < partitions; made++) {
          ObjectNode bounds = Nodes.JSON.createObjectNode();
          bounds.putObject("range").put("start", made * 100).put("end", made * 100 + 100);
          nodes.createPartition("idle-" + made, "idle", bounds);
        }
        Thread.sleep(5_000);
        List<Duration> before = nodes.processorTime();
        long start = System.nanoTime();
        Thread.sleep(10_000);
        List<Duration> after = nodes.processorTime();
        double nanos = System.nanoTime() - start;
        StringBuilder processor = new StringBuilder();
        for (int i = 0; i < before.size(); i++) {
          processor.append(
              String.format(" %.1f %%", 100 * after.get(i).minus(before.get(i)).toNanos() / nanos));
        }
        Table.line(
            "%3d partitions: resident %s MiB, of one core%s",
            partitions,
            nodes.residentBytes().stream().map(bytes -> bytes >> 20).toList(),
            processor);
      }
    }
  }

  private interface Operation {
    void run(long sequence) throws Exception;
  }

  private static Load.Client client(HttpConnection connection, Operation operation) {
    return new Load.Client() {
      @Override
      public void run(long sequence) throws Exception {
        operation.run(sequence);
      }

      @Override
      public void close() throws IOException {
        connection.close();
      }
    };
  }

  private static void expect(
      HttpConnection connection,
      String method,
      String path,
      byte[] body,
      int status,
      int otherStatus)
      throws IOException {
    HttpConnection.Answer answer = connection.send(method, path, body);
    if (answer.status() != status && answer.status() != otherStatus) {
      throw new IllegalStateException(
          method + " " + path + ": " + answer.status() + " " + answer.body());
    }
  }

  private static String path(String key) {
    return "/v1/collections/" + COLLECTION + "/documents/" + key;
  }
}
