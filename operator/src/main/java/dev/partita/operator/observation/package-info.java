/// What the operator knows of the nodes: one
/// [DataPlane][dev.partita.operator.observation.DataPlane] per namespace, kept fresh by one polling
/// thread each, and the events that wake reconcilers when something relevant has changed.
///
/// Observations live in memory only and are rebuilt by observing again. A change of anything but
/// the figures that move under load (rows, bytes, operations per second) wakes all resources of the
/// namespace at once; changed figures wake their own resource, at most once in a while, so that
/// load on the database is not load on the API server.
@NullMarked
package dev.partita.operator.observation;

import org.jspecify.annotations.NullMarked;
