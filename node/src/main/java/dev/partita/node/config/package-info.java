/// The settings of a node as records, read once at the start. [NodeSettings] is the main type.
@NullMarked
package dev.partita.node.config;

import org.jspecify.annotations.NullMarked;
