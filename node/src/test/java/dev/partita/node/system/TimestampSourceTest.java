package dev.partita.node.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.TimestampWindow;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampBlock;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TimestampSourceTest {
  private static final NodeId ONE = new NodeId(1);
  private static final NodeId TWO = new NodeId(2);

  /// Asks a source, extending the window where it wants that.
  private static final class Log {
    TimestampWindow window = TimestampWindow.NONE;

    TimestampBlock take(NodeId node, TimestampSource source, int count, long now) {
      return source
          .take(count, now, window)
          .orElseGet(() -> {
            window = new TimestampWindow(source.windowFor(count, now), node);
            return source.take(count, now, window).orElseThrow();
          });
    }
  }

  @Test
  void blocksRiseWhateverTheClockDoesAndWhoeverLeads() {
    SplittableRandom random = new SplittableRandom(3);
    Log log = new Log();
    NodeId[] nodes = {ONE, TWO};
    TimestampSource[] sources = {new TimestampSource(ONE), new TimestampSource(TWO)};
    int leader = 0;
    Timestamp last = Timestamp.MIN;
    long now = 1_000_000;
    for (int i = 0; i < 20_000; i++) {
      now = Math.max(0, now + random.nextLong(-50, 60));
      if (random.nextInt(500) == 0) {
        leader = 1 - leader;
        if (random.nextBoolean()) {
          // A restart; otherwise the source has missed that another one led.
          sources[leader] = new TimestampSource(nodes[leader]);
        }
      }
      TimestampBlock block = log.take(nodes[leader], sources[leader], 1 + random.nextInt(100), now);
      assertThat(block.first().value()).isGreaterThan(last.value());
      assertThat(block.last().value()).isLessThan(log.window.end().value());
      last = block.last();
    }
  }

  @Test
  void aNewLeaderStartsBehindTheWindowOfTheFormerOne() {
    Log log = new Log();
    log.take(ONE, new TimestampSource(ONE), 1, 1_000);
    Timestamp end = log.window.end();
    TimestampBlock block = log.take(TWO, new TimestampSource(TWO), 1, 1_000);
    assertThat(block.first().value()).isGreaterThanOrEqualTo(end.value());
  }

  @Test
  void timestampsFollowTime() {
    Log log = new Log();
    TimestampSource source = new TimestampSource(ONE);
    log.take(ONE, source, 1, 1_000);
    assertThat(log.take(ONE, source, 1, 50_000).first().millis()).isEqualTo(50_000);
  }
}
