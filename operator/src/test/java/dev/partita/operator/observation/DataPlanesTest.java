package dev.partita.operator.observation;

import static org.awaitility.Awaitility.await;

import dev.partita.operator.nodeclient.HttpNodeAdmin;
import dev.partita.operator.nodeclient.OperatorCredentials;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class DataPlanesTest {
  private static final Duration INTERVAL = Duration.ofMillis(5);

  @Test
  void whateverOnePollMeetsTheNextOneComes() {
    AtomicInteger polls = new AtomicInteger();
    try (HttpNodeAdmin admin = new HttpNodeAdmin(new OperatorCredentials());
        DataPlanes dataPlanes = new DataPlanes(admin, INTERVAL, INTERVAL)) {
      dataPlanes.addListener(
          new DataPlanes.Listener() {
            @Override
            public void beforePoll(DataPlane dataPlane) {
              switch (polls.incrementAndGet()) {
                case 1 -> throw new IllegalStateException("a fault");
                case 2 -> throw new StackOverflowError("a worse one");
                default -> {}
              }
            }
          });

      var _ = dataPlanes.of("default");

      await().atMost(Duration.ofMinutes(1)).until(() -> polls.get() > 2);
    }
  }
}
