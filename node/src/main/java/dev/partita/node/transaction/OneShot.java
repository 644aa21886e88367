package dev.partita.node.transaction;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.Mutation;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A transaction in one request: everything is read at one timestamp, everything is written at one,
/// and nothing of what was read or asked for has changed in between.
///
/// @param name the client's own name for it, so that it happens once however often it is sent; null
///   if it has none
/// @param protocol how its partitions agree, if it writes in several
/// @param reads documents to answer with
/// @param conditions what must hold
/// @param writes what to write if everything holds; each document once
public record OneShot(
    @Nullable Name name,
    CommitProtocolKind protocol,
    List<Item> reads,
    List<Condition> conditions,
    List<Write> writes) {

  /// Reads, conditions and writes together.
  public static final int ITEMS_MAX = 1_000;

  public OneShot {
    reads = List.copyOf(reads);
    conditions = List.copyOf(conditions);
    writes = List.copyOf(writes);
  }

  /// A transaction of two phases.
  public OneShot(
      @Nullable Name name, List<Item> reads, List<Condition> conditions, List<Write> writes) {
    this(name, CommitProtocolKind.TWO_PHASE, reads, conditions, writes);
  }

  /// A client and its number for the transaction.
  public record Name(String client, long sequence) {}

  /// A document, there or not.
  ///
  /// @param columns that matter of it, null for all
  public record Item(String collection, PrimaryKey key, @Nullable List<String> columns) {
    public Item {
      columns = columns == null ? null : List.copyOf(columns);
    }

    /// A whole document.
    public Item(String collection, PrimaryKey key) {
      this(collection, key, null);
    }
  }

  /// What must hold of a document.
  public record Condition(Item item, Mutation.Precondition precondition) {}

  /// A change of a document.
  ///
  /// @param columns that are replaced, the others stay; null for all
  public record Write(String collection, Mutation mutation, @Nullable List<String> columns) {
    public Write {
      columns = columns == null ? null : List.copyOf(columns);
    }

    /// A change of a whole document.
    public Write(String collection, Mutation mutation) {
      this(collection, mutation, null);
    }

    /// The document, whatever columns of it are written.
    public Item item() {
      return new Item(collection, mutation.key());
    }
  }
}
