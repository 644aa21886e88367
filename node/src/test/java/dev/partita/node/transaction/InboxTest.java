package dev.partita.node.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/// What many send to one.
final class InboxTest {

  private static final long LONG = Duration.ofMinutes(2).toNanos();

  @Test
  void whatHasComeIsTakenInOrder() throws Exception {
    var inbox = new Inbox<Integer>();
    inbox.add(1);
    inbox.add(2);
    assertThat(inbox.poll(LONG)).isEqualTo(1);
    assertThat(inbox.poll(0)).isEqualTo(2);
    assertThat(inbox.poll(1)).isNull();
    // Nobody waits any more, and nothing is lost.
    inbox.add(3);
    assertThat(inbox.poll(0)).isEqualTo(3);
  }

  @Test
  void nothingIsMissedOrTakenTwice() throws Exception {
    int senders = 8;
    int each = 500;
    var inbox = new Inbox<Integer>();
    var taken = new HashSet<Integer>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int sender = 0; sender < senders; sender++) {
        int first = sender * each;
        threads.execute(() -> {
          for (int at = 0; at < each; at++) {
            inbox.add(first + at);
          }
        });
      }
      for (int at = 0; at < senders * each; at++) {
        Integer next = inbox.poll(LONG);
        assertThat(next).isNotNull();
        assertThat(taken.add(next)).isTrue();
      }
    }
    assertThat(inbox.poll(0)).isNull();
  }
}
