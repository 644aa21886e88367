/// What a client can be told when something goes wrong: [dev.partita.node.error.ErrorCode] names
/// every kind of failure once, with its SQLSTATE and its HTTP status, and
/// [dev.partita.node.error.DatabaseException] carries it up to the edges.
///
/// This is the lowest layer of the node: every other package may use it and it uses none of them.
/// Expected refusals between the parts of the node (not leader, wrong epoch) are results, not
/// exceptions; a failure of the node's own making is an `IllegalStateException`.
@NullMarked
package dev.partita.node.error;

import org.jspecify.annotations.NullMarked;
