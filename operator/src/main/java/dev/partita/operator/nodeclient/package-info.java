/// The nodes' administration API as the operator sees it: the only caller of it.
///
/// [NodeAdmin][dev.partita.operator.nodeclient.NodeAdmin] is the seam, with one implementation over
/// HTTP. Every call has a deadline of a few seconds and answers with a sealed
/// [Answer][dev.partita.operator.nodeclient.Answer] instead of an exception, because an unreachable
/// node is an ordinary state of the world. Once a cluster is founded every request says which one
/// is meant, because the address of a pod may be another database's by the time it arrives. The
/// records mirror the JSON of the API field by field; fields that this version does not know are
/// ignored.
@NullMarked
package dev.partita.operator.nodeclient;

import org.jspecify.annotations.NullMarked;
