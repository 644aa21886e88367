/// The launcher behind `./partita`: brings up a control plane, the operator and a sample site on
/// this machine, loads the sample data, and measures.
///
/// [Main] parses the command line. [Up] is the main job, step by step; each step is idempotent, so
/// that a second `up` on the same `.partita` directory finds everything again. Everything it leaves
/// on disk lies in [Workspace]; the current phase, process ids and addresses lie in one JSON file,
/// [RunState], which `status`, `down` and `up --detach` read. One process runs it all in the
/// foreground; `--detach` starts that same process in the background.
@NullMarked
package dev.partita.launcher;

import org.jspecify.annotations.NullMarked;
