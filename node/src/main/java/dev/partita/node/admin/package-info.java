/// The administration of a cluster as methods and records: what the operator, the HTTP edge and the
/// tests ask of a node. [AdminService] is the main type; every record here is one JSON object of
/// the administration API, field by field, so the HTTP edge only serializes.
///
/// Identifiers are decimal strings in JSON because 63-bit numbers do not survive JavaScript
/// readers. All methods may be called on any node; what must be decided by the leader of the system
/// partition is forwarded to it. They block and belong on virtual threads.
@NullMarked
package dev.partita.node.admin;

import org.jspecify.annotations.NullMarked;
