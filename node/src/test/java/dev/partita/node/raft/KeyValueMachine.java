package dev.partita.node.raft;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// The replicated state machine of the simulation: registers by number. A digest of everything
/// applied tells two histories apart.
final class KeyValueMachine {

  private final Map<Integer, Long> registers;
  private long appliedIndex;
  private long digest;

  KeyValueMachine(long appliedIndex) {
    registers = new HashMap<>();
    this.appliedIndex = appliedIndex;
  }

  private KeyValueMachine(KeyValueMachine other) {
    registers = new HashMap<>(other.registers);
    appliedIndex = other.appliedIndex;
    digest = other.digest;
  }

  static byte[] encodeWrite(int key, long value) {
    return ByteBuffer.allocate(Integer.BYTES + Long.BYTES).putInt(key).putLong(value).array();
  }

  KeyValueMachine copy() {
    return new KeyValueMachine(this);
  }

  void apply(Entry entry) {
    if (entry.index() != appliedIndex + 1) {
      throw new IllegalStateException("entry " + entry + " applied after " + appliedIndex);
    }
    appliedIndex = entry.index();
    digest = digest * 31 + digestOf(entry);
    if (entry.kind() == EntryKind.COMMAND) {
      ByteBuffer command = ByteBuffer.wrap(entry.data());
      registers.put(command.getInt(), command.getLong());
    }
  }

  static long digestOf(Entry entry) {
    return Arrays.hashCode(entry.data()) * 31L + entry.term() * 17 + entry.index();
  }

  long read(int key) {
    return registers.getOrDefault(key, 0L);
  }

  long appliedIndex() {
    return appliedIndex;
  }

  long digest() {
    return digest;
  }
}
