/// The operator that gives Partita's custom resources their pods, replicas and indexes.
@NullMarked
package dev.partita.operator;

import org.jspecify.annotations.NullMarked;
