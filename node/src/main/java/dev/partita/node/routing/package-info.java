/// The way from a key to the leader of the Partition that owns it. [Router] is the main type: it
/// looks the Partition up in the catalog of this node. [Calls] brings the request to the leader
/// wherever it is, follows hints, learns newer epochs from refusals, and repeats what is safe to
/// repeat until the deadline.
///
/// A key that only a family of intervals covers has no Partition before something is written:
/// [Router#make] has it made, [Router#readable] makes sure that there is none.
///
/// Invariant: a write whose outcome is unknown is never sent again.
///
/// Threads: calls block and belong on virtual threads.
@NullMarked
package dev.partita.node.routing;

import org.jspecify.annotations.NullMarked;
