package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Versions as plainly as they can be kept: every version of every key, nothing ever collected.
final class VersionModel {
  /// What a cursor gives for one key.
  record Found(Key key, Version version) {}

  private final NavigableMap<Key, NavigableMap<Timestamp, Version>> versions = new TreeMap<>();

  VersionModel copy() {
    VersionModel copy = new VersionModel();
    versions.forEach((key, chain) -> copy.versions.put(key, new TreeMap<>(chain)));
    return copy;
  }

  void put(Key key, Timestamp timestamp, byte @Nullable [] value) {
    versions
        .computeIfAbsent(key, _ -> new TreeMap<>())
        .put(timestamp, new Version(timestamp, value));
  }

  void clear(KeyRange range) {
    versions.keySet().removeIf(range::contains);
  }

  /// The version that a timestamp sees, null when it is a deletion or there is none.
  @Nullable Version live(Key key, Timestamp at) {
    NavigableMap<Timestamp, Version> chain = versions.get(key);
    Map.@Nullable Entry<Timestamp, Version> found = chain == null ? null : chain.floorEntry(at);
    return found == null || found.getValue().isDeleted() ? null : found.getValue();
  }

  boolean isLive(Key key) {
    return live(key, Timestamp.MAX) != null;
  }

  List<Found> scan(KeyRange range, Timestamp at, Direction direction) {
    List<Found> found = new ArrayList<>();
    for (Key key : versions.keySet()) {
      Version version = live(key, at);
      if (version != null && range.contains(key)) {
        found.add(new Found(key, version));
      }
    }
    if (direction == Direction.BACKWARD) {
      Collections.reverse(found);
    }
    return found;
  }
}
