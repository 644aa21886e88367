package dev.partita.node.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class CpuTimeTest {

  private static final long WORK_NANOS = 20_000_000;

  /// Works until the clock says that it has.
  private static long work() {
    long begun = CpuTime.nanos();
    while (CpuTime.nanos() - begun < WORK_NANOS) {
      Thread.onSpinWait();
    }
    return CpuTime.nanos() - begun;
  }

  @Test
  void whoWaitsForAnotherThreadsWorkTakesLessThanIt() throws Exception {
    List<Thread> others = new ArrayList<>();
    for (Thread.Builder kind : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
      var worked = new FutureTask<>(CpuTimeTest::work);
      long begun = CpuTime.nanos();
      others.add(kind.start(worked));
      long theirs = worked.get();
      assertThat(CpuTime.nanos() - begun).isBetween(0L, theirs);
      assertThat(theirs).isGreaterThanOrEqualTo(WORK_NANOS);
    }
    for (Thread other : others) {
      other.join();
    }
  }

  @Test
  void noMoreProcessorTimeThanTimePasses() {
    long begun = System.nanoTime();
    long worked = work();
    assertThat(worked).isLessThanOrEqualTo(System.nanoTime() - begun);
  }
}
