/// Documents over partitions: requests for single documents, batches and ranges of a collection
/// become requests to the partitions that hold the keys.
///
/// [Documents] is the entry. [DocumentParser] is the only place where what a client sends becomes a
/// document: a JSON object with its primary key in the member `id` (an integer of 64 bits, a text,
/// or an array of those). Everything blocks and is meant for virtual threads; nothing here holds
/// state.
@NullMarked
package dev.partita.node.document;

import org.jspecify.annotations.NullMarked;
