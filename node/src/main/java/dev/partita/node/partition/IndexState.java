package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An index as one Partition has it.
///
/// The entries of a Partition lie in an entry space of its own. A Partition that was made by a
/// split begins with those of its ancestor, which it shares with its siblings, and builds its own
/// in the background; reads of the time before go on in the shared one, until nobody can read so
/// far back. A Partition that was made by a merge begins with those of both sides, each for the
/// rows that it came with.
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
  /// @param within only rows inside all of these bounds: those of the sides of merges
  public record Inherited(
      long space, Timestamp since, @Nullable Timestamp until, long entries, List<Bounds> within) {
    public Inherited {
      within = List.copyOf(within);
    }

    boolean isMaintained() {
      return until == null;
    }

    /// Whether a read at a timestamp finds its entries here.
    boolean serves(Timestamp at) {
      return !at.isBefore(since) && (until == null || at.isBefore(until));
    }

    boolean concerns(PrimaryKey row) {
      return within.stream().allMatch(bounds -> bounds.contains(row));
    }

    Inherited within(List<Bounds> other) {
      return new Inherited(space, since, until, entries, other);
    }

    private Inherited until(Timestamp end) {
      return new Inherited(space, since, end, entries, within);
    }
  }

  boolean isMaintained() {
    return !(phase instanceof Failed);
  }

  boolean isBuilding() {
    return phase instanceof Building;
  }

  /// The shared spaces that are maintained while the own one is being built; none otherwise.
  List<Inherited> maintainedShares() {
    return inherited.stream().filter(Inherited::isMaintained).toList();
  }

  private boolean hasMaintainedShare() {
    return inherited.stream().anyMatch(Inherited::isMaintained);
  }

  /// The shared spaces that something prepared here can still change: those that are maintained, or
  /// were until the own one was complete.
  List<Inherited> sharesAtBirth() {
    Timestamp since = phase instanceof Ready(Timestamp ready) ? ready : null;
    return inherited.stream()
        .filter(share -> share.isMaintained() || Objects.equals(share.until(), since))
        .toList();
  }

  /// Whether it can be read at the newest timestamp.
  boolean isReadable() {
    return phase instanceof Ready || hasMaintainedShare();
  }

  /// From which timestamp on it can be read; null while it cannot.
  @Nullable Timestamp readableSince() {
    if (!isReadable()) {
      return null;
    }
    Timestamp oldest =
        inherited.stream().map(Inherited::since).min(Comparator.naturalOrder()).orElse(null);
    if (oldest != null) {
      return oldest;
    }
    return phase instanceof Ready(Timestamp since) ? since : null;
  }

  /// The shares that a read at a timestamp finds its entries in; none if it finds them in the own
  /// space.
  List<Inherited> sharesAt(Timestamp at) {
    if (phase instanceof Ready(Timestamp since) && !at.isBefore(since)) {
      return List.of();
    }
    return inherited.stream().filter(share -> share.serves(at)).toList();
  }

  /// The numbers of the spaces that a read at a timestamp finds its entries in.
  List<Long> spacesAt(Timestamp at) {
    List<Inherited> shares = sharesAt(at);
    return shares.isEmpty() ? List.of(OWN_SPACE) : shares.stream().map(Inherited::space).toList();
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
            .map(share -> share.isMaintained() ? share.until(since) : share)
            .toList());
  }

  IndexState withEntries(long other) {
    return new IndexState(index, revision, phase, other, inherited);
  }

  /// With so many entries more in what is shared and maintained.
  IndexState withShareGrown(long growth) {
    if (growth == 0) {
      return this;
    }
    var shares = new ArrayList<>(inherited);
    for (int at = 0; at < shares.size(); at++) {
      Inherited share = shares.get(at);
      if (share.isMaintained()) {
        shares.set(
            at,
            new Inherited(
                share.space(),
                share.since(),
                null,
                Math.max(0, share.entries() + growth),
                share.within()));
        break;
      }
    }
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
    shares.add(new Inherited(parent.value(), since, null, entries / children, List.of()));
    shares.addAll(inherited);
    return new IndexState(index, revision, new Building(null, 0), 0, shares);
  }

  /// As a Partition begins with it that was made of two, of which the index is this and the
  /// other's. Both are ready.
  ///
  /// @param own the Partition that this index is of
  /// @param other the index of the other side
  /// @param others the other side
  IndexState merge(PartitionDescriptor own, IndexState other, PartitionDescriptor others) {
    Timestamp since = Timestamp.later(sinceWhen(), other.sinceWhen());
    var shares = new ArrayList<Inherited>();
    handOver(own, since, shares);
    other.handOver(others, since, shares);
    return new IndexState(
        index, Math.max(revision, other.revision()), new Building(null, 0), 0, shares);
  }

  private Timestamp sinceWhen() {
    Timestamp since = readableSince();
    if (since == null) {
      throw new IllegalStateException("an index that is merged can be read: " + index.name());
    }
    return since;
  }

  /// Adds what this index is as a part of another one, as far as that can be read.
  private void handOver(PartitionDescriptor own, Timestamp from, List<Inherited> to) {
    if (!(phase instanceof Ready(Timestamp since))) {
      throw new IllegalStateException("an index that is merged is complete: " + index.name());
    }
    var all = new ArrayList<Inherited>();
    all.add(new Inherited(own.id().value(), since, null, entries, List.of()));
    all.addAll(inherited);
    for (Inherited share : all) {
      Timestamp until = share.until();
      if (until != null && !until.isAfter(from)) {
        continue;
      }
      var within = new ArrayList<>(share.within());
      within.add(own.bounds());
      to.add(
          new Inherited(
              share.space(), Timestamp.later(share.since(), from), until, share.entries(), within));
    }
  }

  /// Live entries, as far as they are known.
  long knownEntries() {
    return hasMaintainedShare()
        ? maintainedShares().stream().mapToLong(Inherited::entries).sum()
        : entries;
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
