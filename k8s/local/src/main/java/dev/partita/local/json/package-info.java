/// JSON trees as objects of the API: one mapper, and readers of nested fields that treat a missing
/// field as empty. Trees that came out of the store are never changed; whoever changes one copies
/// it first.
@NullMarked
package dev.partita.local.json;

import org.jspecify.annotations.NullMarked;
