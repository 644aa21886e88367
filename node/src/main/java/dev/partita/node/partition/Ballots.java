package dev.partita.node.partition;

import org.jspecify.annotations.Nullable;

/// A participant as an acceptor of its transaction's outcome (single-decree Paxos over the
/// participants; with the rule of when commit may be proposed it is quorum-based three-phase
/// commit, Skeen 1982, in the form of Keidar and Dolev's E3PC). Pure.
///
/// The coordinator has ballot 0, which nobody has to ask for. Whoever takes its place has a larger
/// one that nobody else has.
///
/// @param promised nothing with a smaller ballot is accepted any more
/// @param acceptedBallot the ballot of what was accepted last
/// @param accepted what was accepted last, null if nothing was
public record Ballots(long promised, long acceptedBallot, @Nullable TransactionOutcome accepted) {

  /// Nothing promised, nothing accepted.
  public static final Ballots NONE = new Ballots(0, 0, null);

  /// After being asked to listen to nobody with a smaller ballot; the same if that is not possible.
  public Ballots promise(long ballot) {
    return ballot >= promised ? new Ballots(ballot, acceptedBallot, accepted) : this;
  }

  /// Whether an outcome put forward with a ballot can be accepted.
  public boolean accepts(long ballot) {
    return ballot >= promised;
  }

  /// After accepting.
  public Ballots accept(long ballot, TransactionOutcome outcome) {
    return accepts(ballot) ? new Ballots(ballot, ballot, outcome) : this;
  }

  /// One acceptor in the place of two, of whom others may think as two: it promises what either
  /// has, and has accepted what either did, the newer before the older. Whoever asks a majority
  /// still hears of everything that was decided.
  public Ballots join(Ballots other) {
    boolean newer = accepted == null || other.acceptedBallot > acceptedBallot;
    Ballots last = newer && other.accepted != null ? other : this;
    return new Ballots(Math.max(promised, other.promised), last.acceptedBallot, last.accepted);
  }

  void writeTo(BinaryWriter out) {
    out.number(promised)
        .number(acceptedBallot)
        .optional(accepted, (o, outcome) -> outcome.writeTo(o));
  }

  static Ballots read(BinaryReader in) {
    return new Ballots(in.number(), in.number(), in.optional(TransactionOutcome::read));
  }
}
