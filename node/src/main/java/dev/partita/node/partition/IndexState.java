package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.Key;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;

/// An index as one Partition has it.
///
/// @param revision of the catalog that the index was added by
/// @param entries live entries
public record IndexState(IndexDefinition index, long revision, Phase phase, long entries) {

  /// How far the index is.
  public sealed interface Phase {}

  /// Writes maintain it; the entries of older rows are being added.
  ///
  /// @param next storage key of the first row not looked at yet, null before the first
  /// @param scanned rows looked at
  public record Building(@Nullable Key next, long scanned) implements Phase {}

  /// Exact at every timestamp from this one on.
  public record Ready(Timestamp since) implements Phase {}

  /// Will never be ready; it is not maintained and has no entries any more.
  public record Failed(String message) implements Phase {}

  boolean isMaintained() {
    return !(phase instanceof Failed);
  }

  boolean isBuilding() {
    return phase instanceof Building;
  }

  IndexState withPhase(Phase other) {
    return new IndexState(index, revision, other, entries);
  }

  IndexState withEntries(long other) {
    return new IndexState(index, revision, phase, other);
  }

  /// Per cent of the build that is done, for a Partition of so many rows.
  public int progress(long rows) {
    return switch (phase) {
      case Building(_, long scanned) -> rows == 0 ? 0 : (int) Math.min(99, scanned * 100 / rows);
      case Ready _ -> 100;
      case Failed _ -> 0;
    };
  }
}
