package dev.partita.node.raft;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.TreeSet;

/// Unsigned LEB128 numbers: seven bits a byte, lowest first, the top bit set on all but the last
/// byte. At most ten bytes.
final class Varint {

  private static final int BYTES_MAX = 10;

  private Varint() {}

  static int size(long value) {
    return value == 0 ? 1 : (Long.SIZE - Long.numberOfLeadingZeros(value) + 6) / 7;
  }

  static void put(ByteBuffer out, long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.put((byte) (rest | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  static long get(ByteBuffer in) {
    long value = 0;
    for (int position = 0; position < BYTES_MAX; position++) {
      byte next = in.get();
      value |= (next & 0x7fL) << (7 * position);
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number is longer than " + BYTES_MAX + " bytes");
  }

  static int size(Set<NodeId> nodes) {
    int size = size(nodes.size());
    for (NodeId node : nodes) {
      size += size(node.value());
    }
    return size;
  }

  static void put(ByteBuffer out, Set<NodeId> nodes) {
    put(out, nodes.size());
    for (NodeId node : nodes) {
      put(out, node.value());
    }
  }

  static Set<NodeId> getNodes(ByteBuffer in) {
    long count = get(in);
    if (count < 0 || count > in.remaining()) {
      throw new BufferUnderflowException();
    }
    var nodes = new TreeSet<NodeId>();
    for (long i = 0; i < count; i++) {
      nodes.add(new NodeId(get(in)));
    }
    return nodes;
  }
}
