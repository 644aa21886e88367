package dev.partita.operator.resource;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Partition;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class LooksTest {

  private Instant now = Instant.EPOCH;
  private final Looks looks = new Looks(() -> now, Duration.ofMinutes(5));

  private static Partition partition(String name) {
    Partition partition = new Partition();
    partition.setMetadata(new ObjectMetaBuilder().withName(name).withNamespace("n").build());
    return partition;
  }

  private List<String> overlooked(String... present) {
    return looks
        .overlooked(Partition.class, List.of(present).stream().map(LooksTest::partition).toList())
        .stream()
        .map(each -> each.getMetadata().getName())
        .toList();
  }

  private void passMinutes(int minutes) {
    now = now.plus(Duration.ofMinutes(minutes));
  }

  @Test
  void whatNobodyLooksAtIsToldOfOnceInItsTime() {
    looks.at(partition("a"), () -> true);
    looks.at(partition("b"), () -> true);
    passMinutes(4);
    looks.at(partition("b"), () -> true);
    assertThat(overlooked("a", "b")).isEmpty();
    passMinutes(1);

    assertThat(overlooked("a", "b")).containsExactly("a");
    assertThat(overlooked("a", "b")).isEmpty();
    passMinutes(5);
    assertThat(overlooked("a", "b")).containsExactly("a", "b");
  }

  @Test
  void whatWasNeverLookedAtIsToldOfAsWell() {
    looks.at(partition("a"), () -> true);
    assertThat(overlooked("a", "new")).isEmpty();
    passMinutes(5);
    looks.at(partition("a"), () -> true);

    assertThat(overlooked("a", "new")).containsExactly("new");
  }

  @Test
  void anOperatorThatDoesNotLeadOverlooksNothing() {
    assertThat(overlooked("a")).isEmpty();
    passMinutes(60);
    assertThat(overlooked("a")).isEmpty();

    looks.at(partition("b"), () -> true);
    assertThat(overlooked("a", "b")).isEmpty();
  }

  @Test
  void whatIsGoneIsForgotten() {
    looks.at(partition("a"), () -> true);
    passMinutes(4);
    assertThat(overlooked()).isEmpty();
    passMinutes(1);

    assertThat(overlooked("a")).isEmpty();
  }

  @Test
  void whatHasOneNameIsLookedAtByOneAtATime() throws Exception {
    var first = new CountDownLatch(1);
    var ends = new CountDownLatch(1);
    List<String> told = Collections.synchronizedList(new ArrayList<>());
    Thread one =
        Thread.ofPlatform()
            .start(() ->
                looks.at(
                    partition("a"),
                    () -> {
                      first.countDown();
                      await(ends);
                      return told.add("one");
                    }));
    await(first);
    Thread other =
        Thread.ofPlatform().start(() -> looks.at(partition("a"), () -> told.add("other")));
    Awaitility.await().until(() -> other.getState() == Thread.State.TIMED_WAITING);
    looks.at(partition("b"), () -> told.add("of another name"));

    ends.countDown();

    one.join();
    other.join();
    assertThat(told).containsExactly("of another name", "one", "other");
  }

  @Test
  void aLookThatDoesNotEndKeepsNobodyForEver() throws Exception {
    var impatient = new Looks(() -> now, Duration.ofMillis(20));
    var first = new CountDownLatch(1);
    var ends = new CountDownLatch(1);
    Thread stuck =
        Thread.ofPlatform()
            .start(() ->
                impatient.at(
                    partition("a"),
                    () -> {
                      first.countDown();
                      await(ends);
                      return true;
                    }));
    await(first);
    assertThat(impatient.at(partition("a"), () -> "looked")).isEqualTo("looked");
    ends.countDown();
    stuck.join();
    assertThat(impatient.at(partition("a"), () -> "again")).isEqualTo("again");
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(1, TimeUnit.MINUTES)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
