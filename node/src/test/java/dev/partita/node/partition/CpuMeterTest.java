package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.time.CpuTime;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CpuMeterTest {

  private static final long WORK_NANOS = 5_000_000;

  private final CpuMeter meter = new CpuMeter();

  private static long work() {
    long begun = CpuTime.nanos();
    while (CpuTime.nanos() - begun < WORK_NANOS) {
      Thread.onSpinWait();
    }
    return WORK_NANOS;
  }

  @Test
  void workAddsUpAlsoWhenItFails() {
    assertThat(meter.measure(CpuMeterTest::work)).isEqualTo(WORK_NANOS);
    assertThat(meter.nanos()).isGreaterThanOrEqualTo(WORK_NANOS);
    assertThatThrownBy(() ->
            meter.measure(() -> {
              work();
              throw new IllegalStateException("no");
            }))
        .hasMessage("no");
    assertThat(meter.nanos()).isGreaterThanOrEqualTo(2 * WORK_NANOS);
  }

  @Test
  void aSampleStandsForTheOnesThatAreNotMeasured() {
    int times = 0;
    while (meter.nanos() == 0) {
      assertThat(meter.sample(CpuMeterTest::work)).isEqualTo(WORK_NANOS);
      times++;
      assertThat(times).as("one in eight is measured, by chance").isLessThan(1_000);
    }
    assertThat(meter.nanos()).isGreaterThanOrEqualTo(8 * WORK_NANOS);
  }

  @Test
  void aWaitIsNoWork() throws InterruptedException {
    var go = new CountDownLatch(1);
    var measured = new AtomicLong();
    Thread waiting = Thread.ofPlatform().start(() -> measured.set(meter.measure(() -> await(go))));
    long others = work();
    go.countDown();
    waiting.join();
    assertThat(measured.get()).isEqualTo(1);
    assertThat(meter.nanos()).isLessThan(others);
  }

  private static long await(CountDownLatch go) {
    try {
      go.await();
      return 1;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aRateFollowsItsCounter() {
    var counter = new AtomicLong(1_000);
    var rate = new Rate(counter::get, 0);
    assertThat(rate.perSecond()).isZero();
    for (long second = 1; second <= 100; second++) {
      counter.addAndGet(50);
      rate.sample(second * 1_000_000_000);
    }
    assertThat(rate.perSecond()).isBetween(49.0, 50.5);
    for (long second = 101; second <= 300; second++) {
      rate.sample(second * 1_000_000_000);
    }
    assertThat(rate.perSecond()).isZero();
  }
}
