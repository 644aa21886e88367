package dev.partita.node.http;

import dev.partita.node.error.ErrorCode;
import jakarta.inject.Singleton;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/// Counts the problem documents that leave the node. For any thread.
@Singleton
final class ErrorCounts {
  private final Map<ErrorCode, LongAdder> byCode = new EnumMap<>(ErrorCode.class);

  ErrorCounts() {
    for (ErrorCode code : ErrorCode.values()) {
      byCode.put(code, new LongAdder());
    }
  }

  void count(ErrorCode code) {
    Objects.requireNonNull(byCode.get(code)).increment();
  }

  long of(ErrorCode code) {
    return Objects.requireNonNull(byCode.get(code)).sum();
  }
}
