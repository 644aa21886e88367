/// `partita doctor`: one page with what a person needs when something is wrong.
///
/// [Doctor][dev.partita.launcher.doctor.Doctor] is the main type. It observes once, through the
/// Kubernetes API and, where they can be reached, the nodes; changes nothing; and what follows from
/// the observation is the pure [Diagnosis][dev.partita.launcher.doctor.Diagnosis].
@NullMarked
package dev.partita.launcher.doctor;

import org.jspecify.annotations.NullMarked;
