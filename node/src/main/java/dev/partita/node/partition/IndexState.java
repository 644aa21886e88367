package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.Key;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An index as one Partition has it.
///
/// The entries of a Partition lie in an entry space of its own. A Partition that was made by a
/// split begins with those of its ancestor, which it shares with its siblings, and builds its own
/// in the background; reads of the time before go on in the shared one, until nobody can read so
/// far back.
///
/// @param revision of the catalog that the index was added by
/// @param phase of the entries in the own space
/// @param entries live ones in the own space
/// @param inherited spaces of ancestors, newest first
public record IndexState(
    IndexDefinition index, long revision, Phase phase, long entries, List<Inherited> inherited) {

  /// The number that stands for the own space.
  static final long OWN_SPACE = 0;

  public IndexState {
    inherited = List.copyOf(inherited);
  }

  /// An index that was inherited from nobody.
  public IndexState(IndexDefinition index, long revision, Phase phase, long entries) {
    this(index, revision, phase, entries, List.of());
  }

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

  /// A share in the entry space of an ancestor: the entries of the rows inside the own bounds.
  ///
  /// @param space the ancestor's id
  /// @param since exact from this timestamp on
  /// @param until to this one; null while writes maintain it
  /// @param entries of the share, estimated
  public record Inherited(long space, Timestamp since, @Nullable Timestamp until, long entries) {
    boolean isMaintained() {
      return until == null;
    }
  }

  boolean isMaintained() {
    return !(phase instanceof Failed);
  }

  boolean isBuilding() {
    return phase instanceof Building;
  }

  /// The shared space that is maintained while the own one is being built; null if there is none.
  @Nullable Inherited maintainedShare() {
    return inherited.isEmpty() || !inherited.getFirst().isMaintained()
        ? null
        : inherited.getFirst();
  }

  /// Whether it can be read at the newest timestamp.
  boolean isReadable() {
    return phase instanceof Ready || maintainedShare() != null;
  }

  /// From which timestamp on it can be read; null while it cannot.
  @Nullable Timestamp readableSince() {
    if (!isReadable()) {
      return null;
    }
    if (!inherited.isEmpty()) {
      return inherited.getLast().since();
    }
    return phase instanceof Ready(Timestamp since) ? since : null;
  }

  /// The space that a read at a timestamp finds its entries in.
  long spaceAt(Timestamp at) {
    if (phase instanceof Ready(Timestamp since) && !at.isBefore(since)) {
      return OWN_SPACE;
    }
    for (Inherited share : inherited) {
      if (!at.isBefore(share.since())) {
        return share.space();
      }
    }
    return OWN_SPACE;
  }

  IndexState withPhase(Phase other) {
    return new IndexState(index, revision, other, entries, inherited);
  }

  /// With the own space complete, as of a timestamp.
  IndexState ready(Timestamp since) {
    return new IndexState(
        index,
        revision,
        new Ready(since),
        entries,
        inherited.stream()
            .map(share ->
                share.isMaintained()
                    ? new Inherited(share.space(), share.since(), since, share.entries())
                    : share)
            .toList());
  }

  IndexState withEntries(long other) {
    return new IndexState(index, revision, phase, other, inherited);
  }

  /// With so many entries more in the maintained share.
  IndexState withShareGrown(long growth) {
    Inherited share = maintainedShare();
    if (share == null || growth == 0) {
      return this;
    }
    var shares = new ArrayList<>(inherited);
    shares.set(
        0,
        new Inherited(share.space(), share.since(), null, Math.max(0, share.entries() + growth)));
    return new IndexState(index, revision, phase, entries, shares);
  }

  /// Without the shares that only reads below a timestamp need.
  IndexState withoutSharesBefore(Timestamp safePoint) {
    return new IndexState(
        index,
        revision,
        phase,
        entries,
        inherited.stream().filter(share -> !isOver(share, safePoint)).toList());
  }

  /// Whether only reads below a timestamp need the share.
  static boolean isOver(Inherited share, Timestamp safePoint) {
    Timestamp until = share.until();
    return until != null && !safePoint.isBefore(until);
  }

  /// As one of so many children of the Partition `parent` begins with it.
  IndexState inherit(PartitionId parent, int children) {
    if (!(phase instanceof Ready(Timestamp since))) {
      return new IndexState(index, revision, phase, 0, List.of());
    }
    var shares = new ArrayList<Inherited>();
    shares.add(new Inherited(parent.value(), since, null, entries / children));
    shares.addAll(inherited);
    return new IndexState(index, revision, new Building(null, 0), 0, shares);
  }

  /// Live entries, as far as they are known.
  long knownEntries() {
    Inherited share = maintainedShare();
    return share == null ? entries : share.entries();
  }

  /// Per cent of the build that is done, for a Partition of so many rows.
  public int progress(long rows) {
    if (isReadable()) {
      return 100;
    }
    return switch (phase) {
      case Building(_, long scanned) -> rows == 0 ? 0 : (int) Math.min(99, scanned * 100 / rows);
      case Ready _ -> 100;
      case Failed _ -> 0;
    };
  }
}
