/// The certificates of nodes and of the operator itself.
///
/// [Certificates][dev.partita.operator.certificate.Certificates] is the one step of a reconcile
/// that reads and writes Secrets: either those that a user or cert-manager has made, or those of an
/// own certificate authority, one for each namespace.
/// [AuthorityState][dev.partita.operator.certificate.AuthorityState] is pure: the authority of a
/// namespace and how it is replaced by another without a moment in which somebody is not trusted.
///
/// Invariants: the authority is created once, by a write that fails if there is one already; an
/// authority signs only after it has been trusted for a while. Private keys are in Secrets and in
/// memory, never in a log or a message.
@NullMarked
package dev.partita.operator.certificate;

import org.jspecify.annotations.NullMarked;
