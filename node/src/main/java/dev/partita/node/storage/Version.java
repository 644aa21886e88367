package dev.partita.node.storage;

import dev.partita.node.time.Timestamp;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a row was from one timestamp on.
///
/// @param value the document, which nobody writes to any more; null when the row was deleted
// The array is compared by content below; a copy per read would cost more than the read.
@SuppressWarnings("ArrayRecordComponent")
public record Version(Timestamp timestamp, byte @Nullable [] value) {
  public boolean isDeleted() {
    return value == null;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Version version
        && timestamp.equals(version.timestamp)
        && Arrays.equals(value, version.value);
  }

  @Override
  public int hashCode() {
    return Objects.hash(timestamp, Arrays.hashCode(value));
  }

  @Override
  public String toString() {
    byte[] bytes = value;
    return timestamp + (bytes == null ? " deleted" : " " + bytes.length + " bytes");
  }
}
