package dev.partita.operator.partition;

import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.observation.DataPlane;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/// Asks the nodes for operations on Partitions. The same operation may be asked for many times, by
/// operators that remember nothing; one operator counts it once. Thread-safe.
final class Asking {

  /// Far more than there are Partitions; beyond, some operations are counted twice.
  private static final int ENTRIES_MAX = 20_000;

  private final AskedOperations listener;
  private final Map<String, String> lastByPartition = new ConcurrentHashMap<>();

  Asking(AskedOperations listener) {
    this.listener = listener;
  }

  /// What came of asking.
  ///
  /// @param isNew whether this operator has not asked for it before
  record Asked(Answer<OperationView> answer, boolean isNew) {}

  Asked ask(String id, OperationSpec spec, String reason, DataPlane dataPlane) {
    Answer<OperationView> answer = dataPlane.ask((admin, at) -> admin.putOperation(at, id, spec));
    if (!(answer instanceof Answer.Done)) {
      return new Asked(answer, false);
    }
    if (lastByPartition.size() > ENTRIES_MAX) {
      lastByPartition.clear();
    }
    String key = dataPlane.namespace() + "/" + spec.kind() + "/" + spec.partition();
    boolean isNew = !Objects.equals(lastByPartition.put(key, id), id);
    if (isNew) {
      listener.asked(dataPlane.namespace(), spec.kind(), reason);
    }
    return new Asked(answer, isNew);
  }
}
