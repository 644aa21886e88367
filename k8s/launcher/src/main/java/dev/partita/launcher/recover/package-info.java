/// `./partita recover`: the way out when a quorum is lost for good, step by step and loudly.
///
/// [Recover] is the command, [RecoverOptions] what it was given, [NodeDoor] the way to a node that
/// survives, [RecoverPage] what people read. What would be lost is decided by the nodes; nothing is
/// decided here.
@NullMarked
package dev.partita.launcher.recover;

import org.jspecify.annotations.NullMarked;
