package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowCounterTest {
  private static final PartitionDescriptor PARTITION = SplitStateMachineTest.WHOLE;

  /// Of some steps.
  private static final int ROWS = 5;

  private static final int DOCUMENT_BYTES = 1 << 20;
  private static final long ESTIMATE = 100;

  @TempDir private Path directory;
  private RocksDbStorage storage;
  private RowCounter counter;
  private final BlockingQueue<Runnable> steps = new LinkedBlockingQueue<>();
  private final AtomicInteger told = new AtomicInteger();

  @BeforeEach
  void open() {
    storage = TestNode.storage(directory);
    counter = new RowCounter(PARTITION.id(), storage, steps::add, told::incrementAndGet);
    try (Batch batch = storage.newBatch()) {
      for (long key = 0; key < ROWS; key++) {
        batch.put(
            new PartitionKeys(PARTITION).row(PrimaryKey.of(key)),
            new Timestamp(1),
            new byte[DOCUMENT_BYTES]);
      }
      batch.commit();
    }
    state(true);
  }

  @AfterEach
  void close() {
    counter.stop();
    storage.close();
  }

  private void state(boolean estimated) {
    PartitionState state =
        PartitionState.EMPTY
            .withDescriptor(PARTITION)
            .withCounters(ESTIMATE, 0, new Timestamp(1))
            .withEstimated(estimated);
    try (Batch batch = storage.newBatch()) {
      batch.putMeta(PartitionKeys.stateRecord(PARTITION.id()), state.encode());
      batch.commit();
    }
  }

  private void step() throws InterruptedException {
    next().run();
  }

  private Runnable next() throws InterruptedException {
    Runnable next = steps.poll(1, TimeUnit.MINUTES);
    assertThat(next).isNotNull();
    return next;
  }

  private void countToTheEnd() throws InterruptedException {
    while (told.get() == 0) {
      assertThat(counter.correction()).isNull();
      step();
    }
    assertThat(counter.correction())
        .isNotNull()
        .extracting(PartitionCommand.CorrectCounters::rows)
        .isEqualTo(ROWS - ESTIMATE);
    assertThat(steps).isEmpty();
  }

  @Test
  void itTellsWhenAllIsCounted() throws InterruptedException {
    countToTheEnd();
    assertThat(told).hasValue(1);
  }

  @Test
  void stoppedInTheMiddleItTellsNothingAndBeginsAnewWhenItIsAskedAgain()
      throws InterruptedException {
    assertThat(counter.correction()).isNull();
    step();
    assertThat(storage.statistics().openViews()).isEqualTo(1);
    counter.stop();
    assertThat(storage.statistics().openViews()).isZero();
    step();
    assertThat(told).hasValue(0);
    assertThat(steps).isEmpty();

    countToTheEnd();
  }

  @Test
  void aCountThatIsClosedAtAnyMomentOfAStepLeavesNoViewOpen() throws InterruptedException {
    for (int round = 0; round < 300; round++) {
      RowCount count = requireNonNull(RowCount.begin(storage, PARTITION.id()));
      Thread stepping = Thread.ofPlatform().start(() -> count.step(Long.MAX_VALUE));
      LockSupport.parkNanos(round * 10_000L);
      count.close();
      stepping.join();
      assertThat(storage.statistics().openViews()).as("round %d", round).isZero();
      assertThat(count.step(1)).as("a step after the end").isFalse();
    }
  }

  @Test
  void whatIsNoEstimateIsLookedAtAgainWhenItIsAskedFor() throws InterruptedException {
    state(false);
    assertThat(counter.correction()).isNull();
    step();
    assertThat(told).hasValue(0);
    state(true);

    countToTheEnd();
  }

  @Test
  void aStepThatFailsIsNoEnd() throws InterruptedException {
    assertThat(counter.correction()).isNull();
    Runnable step = next();
    storage.close();
    assertThatThrownBy(step::run).isInstanceOf(IllegalStateException.class);

    assertThat(counter.correction()).isNull();
    assertThat(next()).as("another attempt").isNotNull();
  }
}
