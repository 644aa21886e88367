package dev.partita.node.query;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.ChangePosition;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Keeps a copy of a collection from its changes alone, and notices everything that a consumer
/// could blame the database for: a change that comes twice, out of order or below a mark, a copy
/// that is not what a read at the mark sees. From time to time it forgets where it was and goes on
/// from a token that it noted earlier; what comes again must be what came before.
///
/// For one thread; what it has noticed may be looked at by any.
public final class ChangeConsumer {

  private final String collection;
  private final Supplier<Changes> changes;
  private final Supplier<Queries> queries;
  private final Random random;
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final AtomicInteger comparisons = new AtomicInteger();
  private final AtomicInteger resumptions = new AtomicInteger();

  /// Everything that came since the beginning.
  private final TreeMap<ChangePosition, Optional<JsonBytes>> received = new TreeMap<>();

  private boolean whole = true;
  private State now;
  private State noted;

  /// @param token where to go on
  /// @param last the last change; null before the first one
  /// @param resolved the highest mark
  private record State(
      Map<PrimaryKey, Document> copy,
      String token,
      @Nullable ChangePosition last,
      Timestamp resolved) {
    State {
      copy = new HashMap<>(copy);
    }
  }

  /// Begins with a copy of what the collection is at a timestamp.
  ///
  /// @param changes gives a way to read changes, through whatever node
  /// @param queries likewise to read the collection
  public ChangeConsumer(
      String collection,
      Supplier<Changes> changes,
      Supplier<Queries> queries,
      Timestamp at,
      Deadline deadline,
      long seed) {
    this.collection = collection;
    this.changes = changes;
    this.queries = queries;
    this.random = new Random(seed);
    String token = changes.get().token(collection, ChangePosition.behind(at));
    this.now = new State(read(at, deadline), token, null, at);
    this.noted = now;
  }

  /// What is wrong.
  public Queue<String> wrong() {
    return wrong;
  }

  /// How often the copy was held against a read.
  public int comparisons() {
    return comparisons.get();
  }

  /// How often it went on from an older token.
  public int resumptions() {
    return resumptions.get();
  }

  /// Changes that came, each counted once.
  public int size() {
    return received.size();
  }

  /// Up to where it has everything.
  public Timestamp resolved() {
    return now.resolved();
  }

  /// Reads a page.
  ///
  /// @throws DatabaseException if that is not possible for now
  public void step(Deadline deadline) {
    if (random.nextInt(12) == 0) {
      now = noted;
      whole = false;
      resumptions.incrementAndGet();
    } else if (random.nextInt(6) == 0) {
      noted = now;
    }
    Changes source = changes.get();
    ChangePage page =
        source.page(
            collection,
            source.position(collection, now.token()),
            1 + random.nextInt(40),
            true,
            deadline);
    take(page, source.token(collection, page.position()));
    whole = !page.more();
  }

  /// Whether it has exactly what the mark says.
  public boolean isWhole() {
    return whole;
  }

  private void take(ChangePage page, String token) {
    var copy = new HashMap<>(now.copy());
    ChangePosition last = now.last();
    for (Change change : page.changes()) {
      var position = new ChangePosition(change.timestamp(), change.key());
      check(last == null || position.compareTo(last) > 0, position + " comes after " + last);
      check(
          change.timestamp().isAfter(now.resolved()),
          position + " comes below the mark " + now.resolved());
      Document before = copy.get(change.key());
      check(
          Optional.ofNullable(before)
              .map(Document::json)
              .equals(Optional.ofNullable(change.before())),
          position + " says that it was " + change.before() + " before, not " + before);
      Optional<JsonBytes> document = Optional.ofNullable(change.document());
      Optional<JsonBytes> known = received.put(position, document);
      check(known == null || known.equals(document), position + " was " + known);
      document.ifPresentOrElse(
          json -> copy.put(change.key(), new Document(change.key(), change.timestamp(), json)),
          () -> copy.remove(change.key()));
      last = position;
    }
    now = new State(copy, token, last, Timestamp.later(now.resolved(), page.resolved()));
  }

  private void check(boolean right, String otherwise) {
    if (!right) {
      wrong.add(otherwise);
    }
  }

  /// Holds the copy against a read at the mark; for when it [#isWhole].
  public void compare(Deadline deadline) {
    Map<PrimaryKey, Document> read = read(now.resolved(), deadline);
    comparisons.incrementAndGet();
    check(
        read.equals(now.copy()),
        "at " + now.resolved() + " there is " + difference(read) + " and no such thing in changes");
  }

  private String difference(Map<PrimaryKey, Document> read) {
    var differing = new TreeMap<PrimaryKey, String>();
    read.forEach((key, document) -> {
      if (!document.equals(now.copy().get(key))) {
        differing.put(key, document + " not " + now.copy().get(key));
      }
    });
    now.copy()
        .forEach((key, document) -> {
          if (!read.containsKey(key)) {
            differing.put(key, "nothing not " + document);
          }
        });
    return differing.toString();
  }

  private Map<PrimaryKey, Document> read(Timestamp at, Deadline deadline) {
    var found = new HashMap<PrimaryKey, Document>();
    RangeQuery query = RangeQuery.of(collection, Queries.LIMIT_MAX).withAt(at);
    while (true) {
      Page<Document> page = queries.get().range(query, deadline);
      page.data().forEach(document -> found.put(document.key(), document));
      if (page.after() == null) {
        return found;
      }
      query = query.withCursor(page.after());
    }
  }
}
