package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.bench.Requests.Outcome;
import dev.partita.bench.Requests.Paging;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Copies of collections that others change, which are read once and then follow the changes, page
/// by page, through whatever node. Changes come in their order, each once, between the mark where a
/// page begins and the one where it ends; a page that is asked for again tells the same; what a
/// change says was there before is what the copy has; and at each mark the copy is what a read at
/// that moment finds. Only a full page may end in the middle of a transaction, behind its mark.
final class FollowedChanges extends Workload {
  /// Money that moves between two partitions, and keys of all kinds that come and go. Each client
  /// follows one of them.
  private static final List<String> COLLECTIONS = List.of(Bank.COLLECTION, PageWalks.RANGES);

  private static final Comparator<JsonNode> KEYS = new JsonOrder().ofKeys();
  private static final int CHANGES_MAX = 20;
  private static final int ROWS_MAX = 50;

  /// A collection and the copy of it. Not for several threads at once.
  private static final class Follower {
    final String collection;
    final Map<String, JsonNode> copy = new TreeMap<>();

    /// The moment of the copy; 0 before there is one.
    long at;

    /// What to begin behind: a timestamp or a token.
    String start = "";

    @Nullable Page last;

    /// Names of changes that are in the copy and lie behind its moment: of a transaction that a
    /// page has divided.
    Set<String> ahead = Set.of();

    Follower(String collection) {
      this.collection = collection;
    }
  }

  /// A page of changes.
  ///
  /// @param start what it was to begin behind
  /// @param after the moment of that
  /// @param resolved the moment at which it ends
  /// @param more whether it is full
  /// @param token what begins behind it
  record Page(
      String start, long after, List<JsonNode> changes, long resolved, boolean more, String token) {
    static Page of(String start, long after, JsonNode answer) {
      List<JsonNode> changes = new ArrayList<>();
      answer.path("data").forEach(changes::add);
      return new Page(
          start,
          after,
          changes,
          answer.path("resolved").asLong(),
          answer.path("more").booleanValue(),
          answer.path("token").textValue());
    }
  }

  private final List<Follower> followers = COLLECTIONS.stream().map(Follower::new).toList();
  private final AtomicInteger changes = new AtomicInteger();
  private final AtomicInteger comparisons = new AtomicInteger();

  FollowedChanges() {
    super("changes");
  }

  @Override
  void step(Requests requests, Random random, int client) {
    Follower follower = followers.get(client % followers.size());
    if (follower.at == 0) {
      begin(requests, random, follower);
      return;
    }
    switch (random.nextInt(8)) {
      case 0 -> compare(requests, random, follower);
      case 1 -> askAgain(requests, random, follower);
      default -> follow(requests, random, follower);
    }
  }

  private static boolean begin(Requests requests, Random random, Follower follower) {
    Optional<Requests.Snapshot> read =
        requests.readAll(follower.collection, Paging.any(random, ROWS_MAX));
    if (read.isEmpty()) {
      return false;
    }
    read.get().data().forEach(row -> follower.copy.put(row.path("id").toString(), row));
    follower.at = read.get().at();
    follower.start = Long.toString(follower.at);
    return true;
  }

  private static Optional<Page> ask(
      Requests requests, Random random, String collection, String start, long after) {
    String path =
        "/v1/collections/%s/changes?start=%s&limit=%d&before=%s"
            .formatted(
                collection,
                URLEncoder.encode(start, StandardCharsets.UTF_8),
                1 + random.nextInt(CHANGES_MAX),
                random.nextBoolean());
    return requests.send("GET", path, "", "") instanceof Outcome.Done(JsonNode answer)
        ? Optional.of(Page.of(start, after, answer))
        : Optional.empty();
  }

  private boolean follow(Requests requests, Random random, Follower follower) {
    Optional<Page> page = ask(requests, random, follower.collection, follower.start, follower.at);
    if (page.isEmpty()) {
      return false;
    }
    wrong(judgePage(follower.copy, follower.ahead, page.get()));
    Set<String> ahead = new HashSet<>();
    for (JsonNode change : page.get().changes()) {
      apply(follower.copy, change);
      if (change.path("ts").asLong() > page.get().resolved()) {
        ahead.add(name(change));
      }
    }
    // As long as the mark does not move, the transaction goes on.
    if (page.get().resolved() == page.get().after()) {
      ahead.addAll(follower.ahead);
    }
    follower.ahead = ahead;
    changes.addAndGet(page.get().changes().size());
    follower.at = page.get().resolved();
    follower.start = page.get().token();
    follower.last = page.get();
    return true;
  }

  private void askAgain(Requests requests, Random random, Follower follower) {
    Page last = follower.last;
    if (last != null) {
      ask(requests, random, follower.collection, last.start(), last.after())
          .ifPresent(again -> wrong(judgeAgain(last, again)));
    }
  }

  private boolean compare(Requests requests, Random random, Follower follower) {
    if (!follower.ahead.isEmpty()) {
      return true;
    }
    Optional<Requests.Snapshot> read =
        requests.readAll(follower.collection, Paging.any(random, ROWS_MAX).at(follower.at));
    if (read.isEmpty()) {
      return false;
    }
    comparisons.incrementAndGet();
    String what = "%s at %d".formatted(follower.collection, follower.at);
    wrong(judgeCopy(what, follower.copy, read.get().data()));
    return true;
  }

  /// Follows to a moment that begins now, and compares.
  @Override
  boolean check(Requests requests, Random random) {
    for (Follower follower : followers) {
      Optional<Requests.Snapshot> now = requests.readAll(follower.collection, Paging.of(ROWS_MAX));
      if (now.isEmpty() || (follower.at == 0 && !begin(requests, random, follower))) {
        return false;
      }
      while (follower.at < now.get().at() || !follower.ahead.isEmpty()) {
        if (!follow(requests, random, follower)) {
          return false;
        }
      }
      if (!compare(requests, random, follower)) {
        return false;
      }
    }
    return true;
  }

  // Judgement

  private static void apply(Map<String, JsonNode> copy, JsonNode change) {
    String key = change.path("key").toString();
    if (change.path("action").asText().equals("delete")) {
      copy.remove(key);
    } else {
      copy.put(key, change.path("document"));
    }
  }

  private static String name(JsonNode change) {
    return change.path("ts").textValue() + " " + change.path("key");
  }

  /// What cannot be true of a page.
  ///
  /// @param copy the documents where it begins
  /// @param ahead names of changes in the copy that lie behind the mark where it begins
  static List<String> judgePage(Map<String, JsonNode> copy, Set<String> ahead, Page page) {
    List<String> wrong = new ArrayList<>();
    Map<String, JsonNode> now = new TreeMap<>(copy);
    Set<String> seen = new HashSet<>(ahead);
    long end = page.more() ? page.resolved() + 1 : page.resolved();
    long moment = page.after();
    JsonNode last = NullNode.getInstance();
    for (JsonNode change : page.changes()) {
      String key = change.path("key").toString();
      long ts = change.path("ts").asLong();
      if (ts <= page.after() || ts > end) {
        wrong.add("outside of its page: " + change);
      }
      if (ts < moment || (ts == moment && KEYS.compare(last, change.path("key")) > 0)) {
        wrong.add("out of order: " + change);
      }
      moment = ts;
      last = change.path("key");
      if (!seen.add(name(change))) {
        wrong.add("twice: " + change);
      }
      JsonNode before = now.getOrDefault(key, NullNode.getInstance());
      if (change.has("before") && !change.path("before").equals(before)) {
        wrong.add("before it there was %s: %s".formatted(before, change));
      }
      if (change.path("action").asText().equals("delete") && before.isNull()) {
        wrong.add("there was nothing to delete: " + change);
      }
      apply(now, change);
    }
    if (page.resolved() < page.after()) {
      wrong.add("the mark goes back");
    }
    return wrong.stream()
        .map(each -> "%s; from %d to %d".formatted(each, page.after(), page.resolved()))
        .toList();
  }

  /// What cannot be true of two pages that begin at the same moment.
  static List<String> judgeAgain(Page first, Page again) {
    long end = Math.min(first.resolved(), again.resolved());
    List<JsonNode> one = upTo(end, first);
    List<JsonNode> two = upTo(end, again);
    return one.equals(two)
        ? List.of()
        : List.of("from %d to %d it was %s and is %s".formatted(first.after(), end, one, two));
  }

  private static List<JsonNode> upTo(long end, Page page) {
    List<JsonNode> changes = new ArrayList<>();
    for (JsonNode change : page.changes()) {
      if (change.path("ts").asLong() <= end) {
        // It is told to whom asks for it.
        changes.add(((ObjectNode) change.deepCopy()).without("before"));
      }
    }
    return changes;
  }

  /// What cannot be true of a copy, beside the documents of the same moment.
  static List<String> judgeCopy(String what, Map<String, JsonNode> copy, List<JsonNode> rows) {
    List<String> wrong = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (JsonNode row : rows) {
      String id = row.path("id").toString();
      ids.add(id);
      JsonNode copied = copy.get(id);
      if (copied == null) {
        wrong.add("the copy lacks " + row);
      } else if (!copied.equals(row)) {
        wrong.add("the copy has %s instead of %s".formatted(copied, row));
      }
    }
    copy.forEach((id, document) -> {
      if (!ids.contains(id)) {
        wrong.add("the copy still has " + document);
      }
    });
    return wrong.stream().map(each -> each + "; " + what).toList();
  }

  @Override
  String summary() {
    return "%,d followed, %,d comparisons".formatted(changes.get(), comparisons.get());
  }
}
