/// What all reconcilers share in dealing with Kubernetes objects: labels, content hashes, statuses,
/// finalizers and events, and that no resource is overlooked.
///
/// A resource is looked at when something happens to it, and in any case after an interval. Both
/// rest on the SDK's books, in which a resource is its name. Where these lose something it is got
/// back here: [StatusWrite][dev.partita.operator.resource.StatusWrite] for what happens during a
/// write, [Finalizers][dev.partita.operator.resource.Finalizers] for what is made again under a
/// name, [OverlookedEventSource][dev.partita.operator.resource.OverlookedEventSource] for all that
/// nobody has thought of.
@NullMarked
package dev.partita.operator.resource;

import org.jspecify.annotations.NullMarked;
