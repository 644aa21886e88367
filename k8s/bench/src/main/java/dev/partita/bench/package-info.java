/// The project's own benchmark, `./partita bench`: what Partita reaches, beside the floor of this
/// machine and beside etcd on the same work, measured in one run and printed as ratios.
///
/// [Main] runs the chapters in order, or those that were asked for. The first ones run nodes alone;
/// what the operator brings about is measured with it, on a control plane ([Operated]). Clients are
/// closed loops ([Load]): a client sends its next request when it has the answer to the last.
///
/// And its torture, `./partita torture`: [Torture] runs rounds in which [Faults] makes trouble on
/// the [Ground] that three nodes stand on, while [TortureClients] and [SideClients] use them and
/// note what they see.
///
/// Everything runs on loopback, bounded in time, in a directory that is deleted afterwards.
@NullMarked
package dev.partita.bench;

import org.jspecify.annotations.NullMarked;
