package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.partita.bench.Requests.Paging;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Money that moves between accounts in two partitions. At each moment, now and in the past, by key
/// and by index, on pages of every size, each account is there once and their sum is what it was; a
/// moment of the past stays as it was seen; and what is read now is not older than what was
/// answered before.
final class Bank extends Workload {
  static final String COLLECTION = "accounts";
  private static final String INDEX = "accounts-by-kind";
  private static final String KIND = "giro";
  static final int COUNT = 12;
  static final int BALANCE = 100;
  private static final int AMOUNT_MAX = 20;
  private static final int MOMENTS_MAX = 64;
  private static final String STALENESS_SECONDS = "10";

  /// A moment at which something was transferred, with what was first seen of it.
  private static final class Moment {
    final long at;
    private @Nullable Set<Account> first;

    Moment(long at) {
      this.at = at;
    }

    /// What was seen first; null if it is this.
    synchronized @Nullable Set<Account> seenBefore(List<Account> now) {
      Set<Account> before = first;
      if (before == null) {
        first = Set.copyOf(now);
      }
      return before;
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
    Paging now = Paging.any(random, COUNT + 1);
    switch (random.nextInt(4)) {
      case 0 -> read(requests, random, now.when("maxStaleness", STALENESS_SECONDS), null);
      case 1, 2 -> {
        Moment past = anyMoment(random);
        if (past != null) {
          read(requests, random, now.at(past.at), past);
        }
      }
      default -> read(requests, random, now, null);
    }
  }

  private boolean read(Requests requests, Random random, Paging paging, @Nullable Moment past) {
    boolean byIndex = random.nextBoolean();
    long before = paging.when().isEmpty() ? answered.get() : Long.MIN_VALUE;
    Optional<Requests.Snapshot> read =
        byIndex
            ? requests.query(INDEX, List.of(TextNode.valueOf(KIND)), paging)
            : requests.readAll(COLLECTION, paging);
    if (read.isEmpty()) {
      return false;
    }
    if (paging.when().equals("maxStaleness") && read.get().at() < first.get()) {
      return true;
    }
    reads.incrementAndGet();
    List<Account> accounts = new ArrayList<>();
    for (JsonNode each : read.get().data()) {
      accounts.add(new Account(each.path("id").intValue(), each.path("balance").intValue()));
    }
    var sight =
        new Sight(
            (byIndex ? "by index, " : "by key, ") + paging, read.get().moments(), before, accounts);
    wrong(judge(sight, past == null ? null : past.seenBefore(accounts)));
    return true;
  }

  /// Balances as they were told, in the order in which they came.
  record Account(int key, int balance) {}

  /// What was seen of all accounts.
  ///
  /// @param how in words
  /// @param moments of the pages
  /// @param atLeast the newest transfer that had been answered when it was read
  record Sight(String how, List<Long> moments, long atLeast, List<Account> accounts) {}

  /// What cannot be true.
  ///
  /// @param before what was seen of the same moment before; null if nothing was
  static List<String> judge(Sight sight, @Nullable Set<Account> before) {
    List<String> wrong = new ArrayList<>();
    Set<Integer> keys = new HashSet<>();
    for (Account account : sight.accounts()) {
      if (!keys.add(account.key())) {
        wrong.add("account %d twice".formatted(account.key()));
      }
    }
    int sum = sight.accounts().stream().mapToInt(Account::balance).sum();
    if (keys.size() != COUNT || sum != COUNT * BALANCE) {
      wrong.add("%d accounts with a sum of %d".formatted(keys.size(), sum));
    }
    if (new HashSet<>(sight.moments()).size() > 1) {
      wrong.add("pages of several moments");
    }
    if (sight.moments().getLast() < sight.atLeast()) {
      wrong.add("older than a transfer that was answered at %d".formatted(sight.atLeast()));
    }
    if (before != null && !before.equals(Set.copyOf(sight.accounts()))) {
      wrong.add("the past was otherwise: %s".formatted(before));
    }
    return wrong.stream().map(each -> each + ": " + sight).toList();
  }

  @Override
  boolean check(Requests requests, Random random) {
    return read(requests, random, Paging.any(random, COUNT + 1), null);
  }

  @Override
  String summary() {
    return "%,d transfers, %,d reads".formatted(transfers.get(), reads.get());
  }
}
