/// What a node knows of users: verifiers of passwords, hashes of tokens, rights, and how failed
/// attempts are slowed down. Pure, but for
/// [LoginThrottle][dev.partita.node.security.LoginThrottle], which counts.
///
/// Invariants: no password and no token is kept or can be recovered from what is kept; secrets are
/// compared in constant time.
@NullMarked
package dev.partita.node.security;

import org.jspecify.annotations.NullMarked;
