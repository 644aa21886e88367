/// Secondary indexes: what an index is, and which entries a document has in it.
///
/// [IndexDefinition] names the terms (what is looked up) and the values (what entries are sorted by
/// and cover) as [FieldPath]s into JSON documents. [IndexEntries] turns a document into its
/// [IndexEntry]s, [IndexKeys] lays entries out in the store. Everything here is a pure function of
/// its arguments: replicas that apply the same write compute the same entries.
///
/// Layout of an entry's key: index id (u32), partition id (u64), then the position. The position is
/// the encoded terms, the encoded values (a descending one complemented) and the row's primary key.
/// It does not mention the partition, so positions of different partitions compare as the index
/// orders them, and a cursor made of one stays good when partitions split, merge or move. The value
/// of an entry is the covered payload: the values as a JSON array, exactly as the document has
/// them.
///
/// Where the fields of an index lie in several column groups, it is an index of [JointRows].
@NullMarked
package dev.partita.node.index;

import org.jspecify.annotations.NullMarked;
