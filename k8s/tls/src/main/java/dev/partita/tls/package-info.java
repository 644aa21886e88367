/// Certificates by which the parts of Partita know each other: between nodes, and from the operator
/// to nodes.
///
/// [Credentials][dev.partita.tls.Credentials] are what one side has: its certificate chain, its
/// private key and the authorities that it trusts. An [Identity][dev.partita.tls.Identity] is what
/// a certificate says about its holder: a role in a realm. [TlsSockets][dev.partita.tls.TlsSockets]
/// makes TLS 1.3 engines of both, which refuse a peer in another role;
/// [CredentialDirectory][dev.partita.tls.CredentialDirectory] keeps the credentials of a mounted
/// Secret up to date; [CertificateAuthority][dev.partita.tls.CertificateAuthority] issues
/// certificates, and is the only class that needs BouncyCastle.
///
/// Invariants: a private key belongs to its certificate; no text form of a class here shows a
/// private key. Threads: everything is immutable or thread-safe.
@NullMarked
package dev.partita.tls;

import org.jspecify.annotations.NullMarked;
