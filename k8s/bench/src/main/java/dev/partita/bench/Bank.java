package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Money that moves between accounts in two partitions. At each moment, now and in the past, by key
/// and by index, on pages of every size, each account is there once and their sum is what it was; a
/// moment of the past stays as it was seen; and what is read now is not older than what was
/// answered before.
final class Bank extends Workload {
  private static final String COLLECTION = "accounts";
  private static final String INDEX = "accounts-by-kind";
  private static final String KIND = "giro";
  private static final int COUNT = 12;
  private static final int BALANCE = 100;
  private static final int AMOUNT_MAX = 20;
  private static final int MOMENTS_MAX = 64;
  private static final String STALENESS_SECONDS = "10";

  /// A moment at which something was transferred, with what was first seen of it.
  private static final class Moment {
    final long at;
    @Nullable Map<Integer, Integer> balances;

    Moment(long at) {
      this.at = at;
    }

    /// @return what was seen before, if it is not this
    synchronized @Nullable Map<Integer, Integer> seenOtherwise(Map<Integer, Integer> now) {
      Map<Integer, Integer> before = balances;
      if (before == null) {
        balances = now;
        return null;
      }
      return before.equals(now) ? null : before;
    }
  }

  private final List<Moment> moments = new ArrayList<>();
  private final AtomicLong answered = new AtomicLong();

  /// When the first transfer was made that is known: a read of the past may lie before the
  /// accounts.
  private final AtomicLong first = new AtomicLong(Long.MAX_VALUE);

  private final AtomicInteger transfers = new AtomicInteger();
  private final AtomicInteger reads = new AtomicInteger();

  Bank() {
    super("bank");
  }

  static void create(Nodes nodes) throws IOException {
    nodes.createPartition("accounts-low", COLLECTION, "{\"end\":6}");
    nodes.createPartition("accounts-high", COLLECTION, "{\"start\":6}");
    nodes.createIndex(
        INDEX,
        (ObjectNode)
            Nodes.JSON.readTree(
                "{\"collection\":\"%s\",\"terms\":[{\"field\":\"kind\"}],\"values\":[{\"field\":\"balance\",\"descending\":false}],\"unique\":false}"
                    .formatted(COLLECTION)));
    List<String> accounts = new ArrayList<>();
    for (int key = 0; key < COUNT; key++) {
      accounts.add(write(key, BALANCE, ""));
    }
    String open = "{\"writes\":[" + String.join(",", accounts) + "]}";
    try (Requests requests = new Requests(nodes, new Random(0))) {
      Nodes.await(
          "the accounts",
          () -> requests.post("/v1/transactions", open) instanceof Requests.Outcome.Done);
    }
  }

  private static String write(int key, int balance, String condition) {
    return "{\"collection\":\"%s\",\"document\":{\"id\":%d,\"kind\":\"%s\",\"balance\":%d}%s}"
        .formatted(COLLECTION, key, KIND, balance, condition);
  }

  @Override
  void step(Requests requests, Random random, int client) {
    if (random.nextBoolean()) {
      transfer(requests, random);
    } else {
      read(requests, random);
    }
  }

  private void transfer(Requests requests, Random random) {
    int from = random.nextInt(COUNT);
    int to = (from + 1 + random.nextInt(COUNT - 1)) % COUNT;
    String items =
        "{\"reads\":[{\"collection\":\"%s\",\"id\":%d},{\"collection\":\"%s\",\"id\":%d}]}"
            .formatted(COLLECTION, from, COLLECTION, to);
    if (!(requests.post("/v1/transactions", items)
        instanceof Requests.Outcome.Done(JsonNode found))) {
      return;
    }
    int amount = 1 + random.nextInt(AMOUNT_MAX);
    String protocol = random.nextInt(4) == 0 ? "\"commitProtocol\":\"3pc\"," : "";
    String transfer =
        "{%s\"writes\":[%s,%s]}"
            .formatted(
                protocol,
                changed(from, found.path("reads").path(0), -amount),
                changed(to, found.path("reads").path(1), amount));
    if (requests.post("/v1/transactions", transfer)
        instanceof Requests.Outcome.Done(JsonNode done)) {
      transfers.incrementAndGet();
      long at = done.path("timestamp").asLong();
      answered.accumulateAndGet(at, Math::max);
      first.accumulateAndGet(at, Math::min);
      remember(new Moment(at), random);
    }
  }

  private static String changed(int key, JsonNode read, int by) {
    return write(
        key,
        read.path("document").path("balance").intValue() + by,
        ",\"version\":\"" + read.path("version").asText() + "\"");
  }

  private synchronized void remember(Moment moment, Random random) {
    if (moments.size() < MOMENTS_MAX) {
      moments.add(moment);
    } else {
      moments.set(random.nextInt(MOMENTS_MAX), moment);
    }
  }

  private synchronized @Nullable Moment anyMoment(Random random) {
    return moments.isEmpty() ? null : moments.get(random.nextInt(moments.size()));
  }

  private void read(Requests requests, Random random) {
    switch (random.nextInt(4)) {
      case 0 -> read(requests, random, "maxStaleness", STALENESS_SECONDS, null);
      case 1, 2 -> {
        Moment past = anyMoment(random);
        if (past != null) {
          read(requests, random, "at", Long.toString(past.at), past);
        }
      }
      default -> read(requests, random, "", "", null);
    }
  }

  /// @param when how the moment is chosen: `at`, `maxStaleness`, or empty for now
  private boolean read(
      Requests requests, Random random, String when, String value, @Nullable Moment past) {
    boolean byIndex = random.nextBoolean();
    int limit = 1 + random.nextInt(COUNT + 1);
    long before = answered.get();
    Optional<Requests.Snapshot> read =
        byIndex
            ? requests.query(INDEX, KIND, limit, when, value)
            : requests.readAll(COLLECTION, limit, when.isEmpty() ? "" : when + "=" + value);
    if (read.isEmpty()) {
      return false;
    }
    if (when.equals("maxStaleness") && read.get().at() < first.get()) {
      return true;
    }
    reads.incrementAndGet();
    String how =
        "by %s on pages of %d at %d%s"
            .formatted(
                byIndex ? "index" : "key",
                limit,
                read.get().at(),
                when.isEmpty() ? "" : " (" + when + " " + value + ")");
    Map<Integer, Integer> balances = new HashMap<>();
    for (JsonNode account : read.get().data()) {
      int key = account.path("id").intValue();
      if (balances.put(key, account.path("balance").intValue()) != null) {
        wrong("account %d twice, %s".formatted(key, how));
      }
    }
    int sum = balances.values().stream().mapToInt(Integer::intValue).sum();
    if (balances.size() != COUNT || sum != COUNT * BALANCE) {
      wrong("%d accounts with a sum of %d, %s".formatted(balances.size(), sum, how));
    }
    if (when.isEmpty() && read.get().at() < before) {
      wrong("a transfer at %d was answered before a read of now, %s".formatted(before, how));
    }
    Map<Integer, Integer> otherwise = past == null ? null : past.seenOtherwise(balances);
    if (otherwise != null) {
      wrong("the past was %s and is %s, %s".formatted(otherwise, balances, how));
    }
    return true;
  }

  @Override
  boolean check(Requests requests, Random random) {
    return read(requests, random, "", "", null);
  }

  @Override
  String summary() {
    return "%,d transfers, %,d reads".formatted(transfers.get(), reads.get());
  }
}
