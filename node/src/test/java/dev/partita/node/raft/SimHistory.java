package dev.partita.node.raft;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/// What the clients of a simulation did and saw. A key with many writes of unknown outcome is left
/// alone from then on, because each of them may have happened at any later time and the search for
/// an order grows with every one.
final class SimHistory {

  private static final int KEYS = 3;
  private static final int UNKNOWN_WRITES_MAX = 6;

  private final List<Operation> operations = new ArrayList<>();
  private final Map<Integer, Integer> unknownWrites = new HashMap<>();
  private final int[] keys = new int[KEYS];
  private int nextKey;

  SimHistory() {
    for (int i = 0; i < KEYS; i++) {
      keys[i] = nextKey++;
    }
  }

  int pickKey(RandomGenerator random) {
    int slot = random.nextInt(KEYS);
    if (unknownWrites.getOrDefault(keys[slot], 0) >= UNKNOWN_WRITES_MAX) {
      keys[slot] = nextKey++;
    }
    return keys[slot];
  }

  void wrote(int client, int key, long value, long invokedNanos, long returnedNanos) {
    operations.add(
        new Operation(client, Operation.Kind.WRITE, key, value, invokedNanos, returnedNanos));
  }

  void unknownWrite(int client, int key, long value, long invokedNanos) {
    unknownWrites.merge(key, 1, Integer::sum);
    operations.add(
        new Operation(client, Operation.Kind.WRITE, key, value, invokedNanos, Operation.NEVER));
  }

  void read(int client, int key, long value, long invokedNanos, long returnedNanos) {
    operations.add(
        new Operation(client, Operation.Kind.READ, key, value, invokedNanos, returnedNanos));
  }

  List<Operation> operations() {
    return operations;
  }

  /// How many operations got an answer.
  long answered() {
    return operations.stream()
        .filter(operation -> operation.returnedNanos() != Operation.NEVER)
        .count();
  }
}
