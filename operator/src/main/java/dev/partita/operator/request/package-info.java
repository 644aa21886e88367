/// Requests of clients to custom resources: what SQL and the HTTP API ask for is made here, because
/// the nodes hold no credentials of the Kubernetes API.
@NullMarked
package dev.partita.operator.request;

import org.jspecify.annotations.NullMarked;
