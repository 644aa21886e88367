/// What all reconcilers share in dealing with Kubernetes objects: labels, content hashes, statuses
/// and events.
@NullMarked
package dev.partita.operator.resource;

import org.jspecify.annotations.NullMarked;
