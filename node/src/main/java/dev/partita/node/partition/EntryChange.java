package dev.partita.node.partition;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Key;
import dev.partita.node.storage.Batch;
import dev.partita.node.time.Timestamp;

/// What a write does to one index entry.
sealed interface EntryChange {

  Key entry();

  /// The entry becomes live.
  record Put(Key entry, JsonBytes covered) implements EntryChange {}

  /// The entry stays, with other covered values.
  record Replace(Key entry, JsonBytes covered) implements EntryChange {}

  /// The entry's life ends.
  record Delete(Key entry) implements EntryChange {}

  default void writeTo(Batch batch, Timestamp timestamp) {
    switch (this) {
      case Put(Key entry, JsonBytes covered) -> batch.putEntry(entry, timestamp, covered.bytes());
      case Replace(Key entry, JsonBytes covered) ->
          batch.replaceEntry(entry, timestamp, covered.bytes());
      case Delete(Key entry) -> batch.deleteEntry(entry, timestamp);
    }
  }

  /// What it adds to the number of live entries.
  default int growth() {
    return switch (this) {
      case Put _ -> 1;
      case Replace _ -> 0;
      case Delete _ -> -1;
    };
  }
}
