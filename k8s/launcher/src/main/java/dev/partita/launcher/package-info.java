/// The launcher behind `./partita`: brings up a control plane, the operator and a sample site on
/// this machine, loads the sample data, and measures. In a cluster that the user has named
/// ([NamedCluster]) it applies the same there ([Installation]), says what keeps pods from running
/// ([Obstacles]), reaches the nodes by [PortForwards], and takes out again only what it has made
/// ([Removal], [Ownership]).
///
/// [Main] parses the command line. [Up] is the main job, step by step; each step is idempotent, so
/// that a second `up` on the same `.partita` directory finds everything again. Everything it leaves
/// on disk lies in [Workspace]; the current phase, process ids and addresses lie in one JSON file,
/// [RunState], which `status`, `down` and `up --detach` read. One process runs it all in the
/// foreground; `--detach` starts that same process in the background.
@NullMarked
package dev.partita.launcher;

import org.jspecify.annotations.NullMarked;
