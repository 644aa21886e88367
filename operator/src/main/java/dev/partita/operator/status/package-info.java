/// Pure: what was observed becomes conditions, phases and figures.
///
/// [Conditions][dev.partita.operator.status.Conditions] follows kstatus: `Ready`, `Reconciling` and
/// `Stalled`, the last only where a person must act. A status is a function of what was observed
/// and of the previous status, from which it keeps transition times and figures that have not moved
/// enough, so that the same observation twice gives the same status.
@NullMarked
package dev.partita.operator.status;

import org.jspecify.annotations.NullMarked;
