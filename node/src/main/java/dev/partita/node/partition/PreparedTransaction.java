package dev.partita.node.partition;

import dev.partita.node.time.Timestamp;
import java.util.List;

/// A transaction's part in a Partition from its preparing to its end, as it is stored.
///
/// @param at the earliest timestamp that it can commit at
record PreparedTransaction(
    Transaction transaction, Timestamp at, ReadSet reads, List<Mutation> mutations) {

  PreparedTransaction {
    mutations = List.copyOf(mutations);
  }

  TransactionId id() {
    return transaction.id();
  }

  byte[] encode() {
    BinaryWriter out = PartitionCodec.begin(512);
    transaction.writeTo(out);
    out.timestamp(at);
    reads.writeTo(out);
    out.list(mutations, mutations.size(), RequestCodec::writeMutation);
    return out.toByteArray();
  }

  static PreparedTransaction decode(byte[] bytes) {
    BinaryReader in = PartitionCodec.begin(bytes);
    var prepared =
        new PreparedTransaction(
            Transaction.read(in),
            in.timestamp(),
            ReadSet.read(in),
            in.list(RequestCodec::readMutation));
    in.end();
    return prepared;
  }
}
