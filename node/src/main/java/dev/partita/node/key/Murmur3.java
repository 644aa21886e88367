package dev.partita.node.key;

/// The 32-bit hash function MurmurHash3_x86_32 with seed 0, by Austin Appleby, public domain. Rows
/// are assigned to partitions by it, so it can never change.
final class Murmur3 {
  private static final int C1 = 0xCC9E2D51;
  private static final int C2 = 0x1B873593;

  private Murmur3() {}

  static int hash(byte[] bytes) {
    int hash = 0;
    int whole = bytes.length & ~3;
    for (int i = 0; i < whole; i += 4) {
      int block = block(bytes, i);
      hash = Integer.rotateLeft(hash ^ mix(block), 13) * 5 + 0xE6546B64;
    }
    int tail = 0;
    for (int i = bytes.length - 1; i >= whole; i--) {
      tail = (tail << 8) | (bytes[i] & 0xFF);
    }
    return avalanche(hash ^ mix(tail) ^ bytes.length);
  }

  /// Four bytes, little-endian.
  private static int block(byte[] bytes, int at) {
    return (bytes[at] & 0xFF)
        | ((bytes[at + 1] & 0xFF) << 8)
        | ((bytes[at + 2] & 0xFF) << 16)
        | (bytes[at + 3] << 24);
  }

  private static int mix(int block) {
    return Integer.rotateLeft(block * C1, 15) * C2;
  }

  private static int avalanche(int value) {
    int hash = (value ^ (value >>> 16)) * 0x85EBCA6B;
    hash = (hash ^ (hash >>> 13)) * 0xC2B2AE35;
    return hash ^ (hash >>> 16);
  }
}
