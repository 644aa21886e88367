package dev.partita.operator.partition;

import dev.partita.operator.nodeclient.OperationSpec;

/// Hears of each operation that the nodes were asked for on behalf of a Partition, once.
public interface AskedOperations {

  /// The nodes have taken an operation on.
  ///
  /// @param reason one CamelCase word: what it is for
  void asked(String namespace, OperationSpec.Kind kind, String reason);
}
