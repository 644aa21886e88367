package dev.partita.operator.status;

import dev.partita.crd.Condition;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The three conditions that every resource has, and those that only some have, while they hold.
public final class Conditions {

  /// The resource is as its spec says.
  public static final String READY = "Ready";

  private static final String RECONCILING = "Reconciling";
  private static final String STALLED = "Stalled";

  private Conditions() {}

  /// The conditions for a verdict; a condition whose status is the previous one keeps its
  /// transition time.
  public static List<Condition> of(
      Verdict verdict, long generation, @Nullable List<Condition> previous, Instant now) {
    return List.of(
        condition(READY, verdict.isReady(), verdict, generation, previous, now),
        condition(RECONCILING, verdict.isReconciling(), verdict, generation, previous, now),
        condition(
            STALLED, verdict.kind() == Verdict.Kind.STALLED, verdict, generation, previous, now));
  }

  /// The conditions, and one more that holds; it tells of something unusual, so it is there only
  /// while it holds.
  public static List<Condition> with(
      List<Condition> conditions,
      String type,
      String reason,
      String message,
      @Nullable List<Condition> previous,
      Instant now) {
    List<Condition> more = new ArrayList<>(conditions);
    Long generation = conditions.getFirst().observedGeneration();
    more.add(
        new Condition(
            type, "True", reason, message, since(type, "True", previous, now), generation));
    return List.copyOf(more);
  }

  /// The condition of that type.
  public static Optional<Condition> find(@Nullable List<Condition> conditions, String type) {
    return conditions == null
        ? Optional.empty()
        : conditions.stream().filter(each -> each.type().equals(type)).findFirst();
  }

  private static Condition condition(
      String type,
      boolean holds,
      Verdict verdict,
      long generation,
      @Nullable List<Condition> previous,
      Instant now) {
    String status = holds ? "True" : "False";
    String since = since(type, status, previous, now);
    boolean speaks = holds || type.equals(READY);
    return new Condition(
        type,
        status,
        speaks ? verdict.reason() : "Not" + type,
        speaks ? verdict.message() : "",
        since,
        generation);
  }

  private static String since(
      String type, String status, @Nullable List<Condition> previous, Instant now) {
    return find(previous, type)
        .filter(each -> each.status().equals(status))
        .map(Condition::lastTransitionTime)
        .orElseGet(() -> now.truncatedTo(ChronoUnit.SECONDS).toString());
  }
}
