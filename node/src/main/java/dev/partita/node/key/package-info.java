/// Keys and the values that can stand in them.
///
/// A [dev.partita.node.key.Datum] is a value with an order; [dev.partita.node.key.KeyWriter] turns
/// it into bytes whose unsigned lexicographic order is that same order, and
/// [dev.partita.node.key.KeyReader] reads it back. [dev.partita.node.key.PrimaryKey] names a row
/// inside its collection, [dev.partita.node.key.RowKeys] puts the collection in front and gives the
/// [dev.partita.node.key.Key] that is stored.
///
/// ## Encoding of one component
///
/// Every component is self-delimiting: none is a prefix of another one. A descending component is
/// the complement of all its bytes.
///
/// | value | bytes |
/// |---|---|
/// | null | `05` |
/// | false, true | `08`, `09` |
/// | number | tag, integer part, fraction; see below |
/// | text | `30`, each byte of its UTF-8 form plus one, `00` |
/// | composite | `40`, its components, `00` |
///
/// UTF-8 never contains a byte above `F4`, so "plus one" is free of overflow and leaves `00` to end
/// the text. An unpaired surrogate is written as the three bytes that its code point would have;
/// thus every Java string has exactly one form, and the order is that of code points.
///
/// A number is written by its value, never by its spelling: 1, 1.0 and 1e0 are the same bytes. The
/// magnitude is split into the integer part and the fraction:
///
/// | magnitude | tag | bytes after the tag |
/// |---|---|---|
/// | below 2^64 | `20` + n, n = 0 to 8 bytes of the integer part | integer part in n bytes, big-endian; fraction |
/// | from 2^64 on | `29` | number of integer digits in 8 bytes, big-endian; digits |
///
/// fraction: `00` when there is none; else `FF` - z for z = 0 to 239 zeros after the point, or `01`
/// and the complement of z in 8 bytes for more; digits. digits: decimal digits in pairs, each pair
/// as one byte, its value plus one; `00`. The fraction or, from 2^64 on, the whole number ends with
/// its last digit that is not zero, and an odd number of digits is filled with one zero.
///
/// A negative number has tag `1F` - n, or `16` from 2^64 on, and the complement of everything after
/// the tag.
///
/// ## Rows
///
/// | part | bytes |
/// |---|---|
/// | collection | 4, big-endian |
/// | column group | 2, big-endian |
/// | hash, only in hash-partitioned collections | 4, bits of the hash in reverse order, big-endian |
/// | primary key | components, `00` |
///
/// The `00` at the end sorts a key before the longer ones that begin with it and makes the whole
/// free of prefixes, which the storage relies on.
@NullMarked
package dev.partita.node.key;

import org.jspecify.annotations.NullMarked;
