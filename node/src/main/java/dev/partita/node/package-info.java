/// The node: parses its configuration, builds the object graph, starts and stops.
@NullMarked
package dev.partita.node;

import org.jspecify.annotations.NullMarked;
