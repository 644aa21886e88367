package dev.partita.operator.resource;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Partition;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class LastLooksTest {

  private Instant now = Instant.EPOCH;
  private final LastLooks looks = new LastLooks(() -> now, Duration.ofMinutes(5));

  private static Partition partition(String name) {
    Partition partition = new Partition();
    partition.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("n").build());
    return partition;
  }

  private List<String> overlooked(String... present) {
    return looks
        .overlooked(
            Partition.class, List.of(present).stream().map(LastLooksTest::partition).toList())
        .stream()
        .map(each -> each.getMetadata().getName())
        .toList();
  }

  private void passMinutes(int minutes) {
    now = now.plus(Duration.ofMinutes(minutes));
  }

  @Test
  void whatNobodyLooksAtIsToldOfOnceInItsTime() {
    looks.looked(partition("a"));
    looks.looked(partition("b"));
    passMinutes(4);
    looks.looked(partition("b"));
    assertThat(overlooked("a", "b")).isEmpty();
    passMinutes(1);

    assertThat(overlooked("a", "b")).containsExactly("a");
    assertThat(overlooked("a", "b")).isEmpty();
    passMinutes(5);
    assertThat(overlooked("a", "b")).containsExactly("a", "b");
  }

  @Test
  void whatWasNeverLookedAtIsToldOfAsWell() {
    looks.looked(partition("a"));
    assertThat(overlooked("a", "new")).isEmpty();
    passMinutes(5);
    looks.looked(partition("a"));

    assertThat(overlooked("a", "new")).containsExactly("new");
  }

  @Test
  void anOperatorThatDoesNotLeadOverlooksNothing() {
    assertThat(overlooked("a")).isEmpty();
    passMinutes(60);
    assertThat(overlooked("a")).isEmpty();

    looks.looked(partition("b"));
    assertThat(overlooked("a", "b")).isEmpty();
  }

  @Test
  void whatIsGoneIsForgotten() {
    looks.looked(partition("a"));
    passMinutes(4);
    assertThat(overlooked()).isEmpty();
    passMinutes(1);

    assertThat(overlooked("a")).isEmpty();
  }
}
