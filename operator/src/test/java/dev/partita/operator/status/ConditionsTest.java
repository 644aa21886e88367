package dev.partita.operator.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Condition;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConditionsTest {

  private static final Instant EARLY = Instant.parse("2026-01-01T00:00:00.5Z");
  private static final Instant LATE = Instant.parse("2026-01-02T00:00:00Z");

  @Test
  void theSameVerdictTwiceGivesTheSameConditions() {
    Verdict verdict = Verdict.ready("fine");
    List<Condition> first = Conditions.of(verdict, 1, null, EARLY);
    assertThat(Conditions.of(verdict, 1, first, LATE)).isEqualTo(first);
  }

  @Test
  void aTransitionMovesOnlyTheTimesOfWhatChanged() {
    List<Condition> before =
        Conditions.of(Verdict.reconciling("Pending", "Waiting", "wait"), 1, null, EARLY);
    List<Condition> after = Conditions.of(Verdict.ready("fine"), 2, before, LATE);
    assertThat(after)
        .extracting(Condition::type)
        .containsExactly("Ready", "Reconciling", "Stalled");
    assertThat(after).extracting(Condition::status).containsExactly("True", "False", "False");
    assertThat(after)
        .extracting(Condition::lastTransitionTime)
        .containsExactly("2026-01-02T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z");
    assertThat(after).allMatch(each -> Long.valueOf(2).equals(each.observedGeneration()));
  }

  @Test
  void stalledIsNeitherReadyNorReconciling() {
    List<Condition> conditions =
        Conditions.of(Verdict.stalled("Overlap", "delete one"), 1, null, EARLY);
    assertThat(conditions).extracting(Condition::status).containsExactly("False", "False", "True");
    assertThat(conditions.getFirst().reason()).isEqualTo("Overlap");
    assertThat(conditions.getLast().message()).isEqualTo("delete one");
  }

  @Test
  void servingWhileWorkGoesOnIsBothReadyAndReconciling() {
    assertThat(Conditions.of(Verdict.serving("Moving", "Moving", "m"), 1, null, EARLY))
        .extracting(Condition::status)
        .containsExactly("True", "True", "False");
  }
}
