package dev.partita.node.error;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class ErrorCodeTest {
  @ParameterizedTest
  @EnumSource(ErrorCode.class)
  void codesAreWellFormedAndAgreeWithTheirCategory(ErrorCode code) {
    assertThat(code.sqlState()).matches("[0-9A-Z]{5}");
    switch (code.category()) {
      case USER ->
          assertThat(code.httpStatus())
              .matches(status -> (status >= 400 && status < 500) || status == 501);
      case RETRYABLE, RESOURCE -> assertThat(code.httpStatus()).isIn(409, 421, 429, 503, 504);
      case INTERNAL, EXTERNAL -> assertThat(code.httpStatus()).isGreaterThanOrEqualTo(500);
    }
  }

  @ParameterizedTest
  @EnumSource(ErrorCode.class)
  void onlyWhatHadNoEffectIsRetryable(ErrorCode code) {
    if (code == ErrorCode.OUTCOME_UNKNOWN || code.category() == ErrorCode.Category.USER) {
      assertThat(code.isRetryable()).isFalse();
    }
  }
}
