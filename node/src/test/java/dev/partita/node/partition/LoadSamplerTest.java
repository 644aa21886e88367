package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is found in loads of a known shape. All randomness is seeded.
class LoadSamplerTest {
  private static final int REQUESTS = 20_000;

  private final Random keys = new Random(42);
  private final LoadSampler sampler = new LoadSampler(0, new Random(7), 1);

  private LoadProfile windowEnds() {
    return sampler.profile(LoadSampler.WINDOW_NANOS);
  }

  private void read(IntUnaryOperator key) {
    for (int i = 0; i < REQUESTS; i++) {
      sampler.read(PrimaryKey.of(key.applyAsInt(i)));
    }
  }

  private static long number(@Nullable PrimaryKey key) {
    return ((Datum.Int) requireNonNull(key).partitionKey()).value();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anEvenLoadIsDividedNearItsMiddle(long seed) {
    Random random = new Random(seed);
    read(_ -> random.nextInt(10_000));

    // The halves differ by less than a quarter of the whole.
    assertThat(number(windowEnds().middle())).isBetween(3_750L, 6_250L);
  }

  @Test
  void theMiddleIsThatOfTheLoadAndNotOfTheKeys() {
    read(i -> i % 10 == 0 ? keys.nextInt(1_000_000) : 500 + keys.nextInt(100));

    assertThat(number(windowEnds().middle())).isBetween(500L, 600L);
  }

  @Test
  void aKeyThatTakesMostIsTold() {
    read(i -> i % 3 == 0 ? keys.nextInt(1_000_000) : 77);

    LoadProfile profile = windowEnds();

    LoadProfile.HotKey hot = requireNonNull(profile.hotKey());
    assertThat(number(hot.key())).isEqualTo(77);
    assertThat(hot.share()).isBetween(0.55, 0.67);
    assertThat(profile.middle()).isNull();
  }

  @Test
  void aKeyThatWasHotStaysSoWhileItIsPopular() {
    read(i -> i % 3 == 0 ? keys.nextInt(1_000_000) : 77);
    assertThat(windowEnds().hotKey()).isNotNull();

    read(i -> i % 5 == 0 ? 77 : keys.nextInt(1_000_000));
    assertThat(number(requireNonNull(sampler.profile(2 * LoadSampler.WINDOW_NANOS).hotKey()).key()))
        .isEqualTo(77);

    read(i -> i % 10 == 0 ? 77 : keys.nextInt(1_000_000));
    assertThat(sampler.profile(3 * LoadSampler.WINDOW_NANOS).hotKey()).isNull();
  }

  @Test
  void aKeyThatIsOnlyPopularIsNotHot() {
    read(i -> i % 10 == 0 ? 5_000 : keys.nextInt(10_000));

    LoadProfile profile = windowEnds();

    assertThat(profile.hotKey()).isNull();
    assertThat(number(profile.middle())).isBetween(3_750L, 6_250L);
  }

  @Test
  void rowsThatAreAddedAtTheEndAreASequence() {
    for (int i = 0; i < REQUESTS; i++) {
      sampler.write(PrimaryKey.of(i));
    }
    assertThat(windowEnds())
        .isEqualTo(
            new LoadProfile(
                null, LoadProfile.Direction.ASCENDING, null, PrimaryKey.of(REQUESTS - 1)));

    // It goes on in the next window.
    for (int i = REQUESTS; i < 2 * REQUESTS; i++) {
      sampler.write(PrimaryKey.of(i));
    }
    assertThat(sampler.profile(2 * LoadSampler.WINDOW_NANOS).sequence())
        .isEqualTo(LoadProfile.Direction.ASCENDING);
  }

  @Test
  void rowsThatAreAddedAtTheBeginningAreASequence() {
    for (int i = 0; i < REQUESTS; i++) {
      sampler.write(PrimaryKey.of(-i));
    }
    LoadProfile profile = windowEnds();
    assertThat(profile.sequence()).isEqualTo(LoadProfile.Direction.DESCENDING);
    assertThat(number(profile.end())).isEqualTo(-(REQUESTS - 1));
  }

  @Test
  void updatesInAnyOrderAreNoSequence() {
    for (int i = 0; i < REQUESTS; i++) {
      sampler.write(PrimaryKey.of(keys.nextInt(10_000)));
    }
    assertThat(windowEnds().sequence()).isEqualTo(LoadProfile.Direction.NONE);
  }

  @Test
  void scansOfEverythingCannotBeDivided() {
    for (int i = 0; i < REQUESTS; i++) {
      sampler.scan(null, null, 10);
      sampler.read(PrimaryKey.of(keys.nextInt(10_000)));
    }
    assertThat(windowEnds()).isEqualTo(LoadProfile.NONE);
  }

  /// Twenty in a second.
  @Test
  void aFewLargePagesTellWhereTheLoadIs() {
    var standard = new LoadSampler(0);
    for (int i = 0; i < 2 * LoadSampler.SAMPLES_MIN; i++) {
      int first = keys.nextInt(1_000);
      standard.scan(PrimaryKey.of(first), PrimaryKey.of(first + 5), 100);
    }
    PrimaryKey middle = standard.profile(LoadSampler.WINDOW_NANOS).middle();
    assertThat(number(middle)).isBetween(350L, 650L);
  }

  /// They are all looked at, and rows are not.
  @Test
  void pagesAndRowsCountInTheirProportion() {
    var standard = new LoadSampler(0);
    for (int i = 0; i < 20 * REQUESTS; i++) {
      standard.read(PrimaryKey.of(keys.nextInt(100)));
      int first = 100 + keys.nextInt(100);
      standard.scan(PrimaryKey.of(first), PrimaryKey.of(first + 1), 1);
    }
    assertThat(number(standard.profile(LoadSampler.WINDOW_NANOS).middle())).isBetween(80L, 120L);
  }

  @Test
  void scansOfPartsAreDividedByWhatTheyCost() {
    for (int i = 0; i < REQUESTS; i++) {
      int first = keys.nextInt(1_000);
      // The upper tenth costs as much as all the rest.
      double weight = first >= 900 ? 9 : 1;
      sampler.scan(PrimaryKey.of(first), PrimaryKey.of(first + 5), weight);
    }
    assertThat(number(windowEnds().middle())).isBetween(800L, 950L);
  }

  @Test
  void littleLoadTellsNothing() {
    for (int i = 0; i < LoadSampler.SAMPLES_MIN - 1; i++) {
      sampler.read(PrimaryKey.of(1));
    }
    assertThat(windowEnds()).isEqualTo(LoadProfile.NONE);
  }

  @Test
  void aWindowForgetsTheOneBefore() {
    read(_ -> 77);
    assertThat(windowEnds().hotKey()).isNotNull();
    assertThat(sampler.profile(LoadSampler.WINDOW_NANOS + 1).hotKey()).isNotNull();

    assertThat(sampler.profile(2 * LoadSampler.WINDOW_NANOS)).isEqualTo(LoadProfile.NONE);
  }
}
