package dev.partita.node.partition;

/// Ends transactions whose coordinator does not. Both methods block, for virtual threads only, and
/// give up quietly: whoever needs them asks again.
public interface TransactionResolver {

  /// Ends nothing.
  TransactionResolver NONE =
      new TransactionResolver() {
        @Override
        public void resolve(Transaction transaction) {}

        @Override
        public void complete(Transaction transaction, TransactionOutcome outcome) {}
      };

  /// Finds out how a transaction ended that is prepared somewhere, or has it end, and tells its
  /// participants.
  void resolve(Transaction transaction);

  /// Tells the participants of a transaction how it has ended, and then its record that all know.
  void complete(Transaction transaction, TransactionOutcome outcome);
}
