/// The custom resources of Partita (group `partita.dev`, version `v1alpha1`):
/// [Site][dev.partita.crd.Site], [Partition][dev.partita.crd.Partition] and
/// [Index][dev.partita.crd.Index], their specs and statuses.
///
/// Only records, no behaviour and no I/O. The schemas in `crds/*.yml` are generated from these
/// types and held equal by a test; the annotations and validation rules here are therefore the API
/// server's rules. Every list and string is bounded, which keeps the estimated cost of the rules
/// far below the API server's limits. Fields of a status are what the operator observed and can be
/// rebuilt at any time.
@NullMarked
package dev.partita.crd;

import org.jspecify.annotations.NullMarked;
