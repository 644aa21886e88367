package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Transactions with a name, sent again until somebody tells what became of them, and some of them
/// once more. Each adds one to a counter and puts down a token in another partition, which its
/// client then takes away. So the counter shows what was lost or done twice, and a token that is
/// there in the end was put down once more, by a copy that came late.
final class ExactlyOnce extends Workload {
  private static final String COLLECTION = "once";
  private static final String PATH = "/v1/transactions";

  /// Longer than any trouble, and than what follows it.
  private static final long PATIENCE_NANOS = 180_000_000_000L;

  private static final int LIMIT = 100;

  private final String prefix;
  private final String counter;
  private final AtomicLong sequence = new AtomicLong();
  private final AtomicInteger counted = new AtomicInteger();
  private final AtomicInteger repeated = new AtomicInteger();

  /// @param round counters of other rounds are not touched
  ExactlyOnce(int round) {
    super("once");
    this.prefix = "r" + round + "-";
    this.counter = "a-" + prefix + "counter";
  }

  static void create(Nodes nodes) throws IOException {
    nodes.createPartition("once-low", COLLECTION, "{\"end\":\"m\"}");
    nodes.createPartition("once-high", COLLECTION, "{\"start\":\"m\"}");
  }

  /// What became of a named transaction.
  private enum Fate {
    DONE,
    NOT_DONE,
    /// It cannot be done as things are.
    IMPOSSIBLE
  }

  @Override
  void step(Requests requests, Random random, int client) {
    String read =
        "{\"reads\":[{\"collection\":\"%s\",\"id\":\"%s\"}]}".formatted(COLLECTION, counter);
    if (!(requests.post(PATH, read) instanceof Requests.Outcome.Done(JsonNode answer))) {
      return;
    }
    JsonNode found = answer.path("reads").path(0);
    String condition =
        found.hasNonNull("version")
            ? "\"version\":\"" + found.path("version").asText() + "\""
            : "\"exists\":false";
    long number = sequence.incrementAndGet();
    String token = "z-" + prefix + number;
    String add =
        "{\"collection\":\"%s\",\"document\":{\"id\":\"%s\",\"n\":%d},%s}"
            .formatted(
                COLLECTION, counter, found.path("document").path("n").intValue() + 1, condition);
    String put =
        "{\"collection\":\"%s\",\"document\":{\"id\":\"%s\"},\"exists\":false}"
            .formatted(COLLECTION, token);
    boolean again = random.nextBoolean();
    String writes = random.nextBoolean() ? add + "," + put : put + "," + add;
    Fate fate = send(requests, 2 * number, writes, again);
    if (fate != Fate.DONE) {
      return;
    }
    counted.incrementAndGet();
    String take =
        "{\"collection\":\"%s\",\"delete\":\"%s\",\"exists\":true}".formatted(COLLECTION, token);
    long begun = System.nanoTime();
    do {
      fate = send(requests, 2 * number + 1, take, again);
    } while (fate == Fate.NOT_DONE && System.nanoTime() - begun < PATIENCE_NANOS);
    if (fate != Fate.DONE) {
      wrong("token %s was put down and cannot be taken away: %s".formatted(token, fate));
    }
  }

  /// Sends a transaction until its fate is known.
  ///
  /// @param again whether to send it once more when it is done
  private Fate send(Requests requests, long number, String writes, boolean again) {
    String body =
        "{\"client\":\"%s\",\"sequence\":%d,\"writes\":[%s]}".formatted(prefix, number, writes);
    boolean inTheDark = false;
    long begun = System.nanoTime();
    while (System.nanoTime() - begun < PATIENCE_NANOS) {
      switch (requests.post(PATH, body)) {
        case Requests.Outcome.Done(JsonNode done) -> {
          if (done.path("repeated").asBoolean()) {
            repeated.incrementAndGet();
          }
          if (again) {
            String timestamp = done.path("timestamp").asText();
            wrong(judgeAgain(prefix + number, timestamp, requests.post(PATH, body)));
          }
          return Fate.DONE;
        }
        case Requests.Outcome.Unknown _ -> inTheDark = true;
        case Requests.Outcome.Refused(String code) when code.equals("CONDITION_FAILED") -> {
          // Nor will a copy that comes late find the version that it wants.
          return Fate.IMPOSSIBLE;
        }
        case Requests.Outcome.Refused _ -> {
          if (!inTheDark) {
            return Fate.NOT_DONE;
          }
        }
      }
      SideClients.pause();
    }
    wrong("transaction %s%d: nobody tells what became of it".formatted(prefix, number));
    return Fate.NOT_DONE;
  }

  @Override
  boolean check(Requests requests, Random random) {
    Optional<Requests.Snapshot> all =
        requests.readAll(COLLECTION, Requests.Paging.any(random, LIMIT));
    if (all.isEmpty()) {
      return false;
    }
    int n = 0;
    List<String> tokens = new ArrayList<>();
    for (JsonNode document : all.get().data()) {
      String id = document.path("id").asText();
      if (id.equals(counter)) {
        n = document.path("n").intValue();
      } else if (id.startsWith("z-" + prefix)) {
        tokens.add(id);
      }
    }
    wrong(judge(counted.get(), n, tokens));
    return true;
  }

  /// What cannot be true in the end.
  ///
  /// @param done how many have been told that theirs was done
  /// @param counted what the counter says
  /// @param tokens what is there of what was put down and taken away
  static List<String> judge(int done, int counted, List<String> tokens) {
    List<String> wrong = new ArrayList<>();
    if (counted != done) {
      wrong.add("%d transactions were done, and %d are counted".formatted(done, counted));
    }
    tokens.forEach(token -> wrong.add("token %s was taken away and is there".formatted(token)));
    return wrong;
  }

  /// What cannot be true of the answer to a transaction that was done before.
  ///
  /// @param timestamp what was answered then
  static List<String> judgeAgain(String transaction, String timestamp, Requests.Outcome again) {
    return switch (again) {
      case Requests.Outcome.Done(JsonNode done)
          when !done.path("repeated").asBoolean()
              || !done.path("timestamp").asText().equals(timestamp) ->
          List.of("%s was done at %s and once more: %s".formatted(transaction, timestamp, done));
      case Requests.Outcome.Refused(String code) when code.equals("CONDITION_FAILED") ->
          List.of("%s was done at %s and is not known".formatted(transaction, timestamp));
      case Requests.Outcome.Done _, Requests.Outcome.Refused _, Requests.Outcome.Unknown _ ->
          List.of();
    };
  }

  @Override
  String summary() {
    return "%,d counted, %,d told again".formatted(counted.get(), repeated.get());
  }
}
