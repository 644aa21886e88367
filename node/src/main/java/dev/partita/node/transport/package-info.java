/// Node-to-node messages: one-way messages for consensus and calls (request, response) for
/// everything else.
///
/// The main type is [Transport]; `NettyTransport` is the real one, on one TCP port per node. A
/// connection belongs to the node that opened it: it carries that node's one-way messages and
/// requests to the peer, and the peer's responses back. So every pair of talking nodes has up to
/// two connections, and neither side has to break a tie when both dial at once.
///
/// Frames are length-prefixed (see `Frames`), a connection starts with a handshake that names the
/// protocol version, the cluster and both nodes; a node of another cluster, or one that is not the
/// node that was dialled, is refused. Everything is bounded: the frame, the bytes queued for a
/// peer, the requests in progress, the connections.
///
/// With [dev.partita.tls.TlsSockets] every connection is TLS 1.3, and both sides have to show the
/// certificate of a node of this database before a byte of theirs is read as a frame.
///
/// Threads: handlers and listeners run on the transport's event loops and must not block.
@NullMarked
package dev.partita.node.transport;

import org.jspecify.annotations.NullMarked;
