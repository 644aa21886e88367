/// The HTTP edge: documents, queries, partitions and indexes for clients, the administration for
/// the operator, health and metrics.
///
/// Quarkus is known here and in no other package of the node. Each resource class is a thin
/// translation: it parses what came, calls one method of the engine on a virtual thread, and writes
/// JSON. Every failure leaves as a problem document ([Problem], RFC 9457). [Admission] bounds what
/// all requests together may hold in memory. A [ChangeStream] is the one answer that does not end;
/// [ChangeStreams] bounds them.
@NullMarked
package dev.partita.node.http;

import org.jspecify.annotations.NullMarked;
