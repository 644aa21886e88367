package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.Key;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.Storage;
import java.util.List;

/// Index entries that a replica does not need any more and that lie among those of others, so that
/// they have to be found one by one. Each node keeps a record of its own of what it has to remove,
/// written with the change that made it litter; removing takes as long as it takes, beside
/// everything else.
final class Litter {

  private Litter() {}

  /// Notes a share in the space of an ancestor as litter.
  static void note(
      Batch batch, PartitionId partition, IndexDefinition index, IndexState.Inherited share) {
    byte[] within =
        new BinaryWriter(16)
            .list(share.within(), share.within().size(), PartitionCodec::writeBounds)
            .toByteArray();
    Key part = share.within().isEmpty() ? Key.EMPTY : Key.wrap(within);
    BinaryWriter out =
        new BinaryWriter(16).number(share.space()).bytes(PartitionCodec.encode(index));
    if (!share.within().isEmpty()) {
      out.bytes(within);
    }
    batch.putMeta(
        PartitionKeys.litterRecord(partition, index.id(), share.space(), part), out.toByteArray());
  }

  /// Whether there is any.
  static boolean isThere(Storage storage, PartitionId partition) {
    return !storage.metaRange(PartitionKeys.litterRecords(partition)).isEmpty();
  }

  /// Removes all there is. Blocks for long.
  static void remove(Storage storage, PartitionDescriptor descriptor) {
    var keys = new PartitionKeys(descriptor);
    storage
        .metaRange(PartitionKeys.litterRecords(descriptor.id()))
        .forEach((record, bytes) -> {
          var in = new BinaryReader(bytes);
          long space = in.number();
          IndexDefinition index = PartitionCodec.decodeDefinition(in.bytes());
          List<Bounds> within =
              in.isAtEnd()
                  ? List.of()
                  : new BinaryReader(in.bytes()).list(PartitionCodec::readBounds);
          storage.clear(keys.shareSpan(index, space, List.of(within)));
          forget(storage, record);
        });
  }

  private static void forget(Storage storage, Key record) {
    try (Batch batch = storage.newBatch()) {
      batch.deleteMeta(record);
      batch.commit();
    }
  }
}
