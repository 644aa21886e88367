/// Pods as child processes of this one.
///
/// [Scheduler] gives a pod its node, [PodRunner] starts a process for every bound pod of this
/// machine, probes and restarts it, reports its status and stops it gracefully. Each pod has a
/// loopback address of its own, its volumes are directories, and its name is in a hosts file.
/// [Guardian] ends the processes when the control plane itself is killed.
@NullMarked
package dev.partita.local.runner;

import org.jspecify.annotations.NullMarked;
