/// Requests on objects, below HTTP: create, read, update, patch, delete, with everything that the
/// API promises about them (defaults, validation, generation, ownership of fields, optimistic
/// locking, finalizers, dry run).
///
/// [ObjectService] is the main type. One lock orders all writes. Refusals are [ApiFailure]s, which
/// carry the Status that the client gets.
@NullMarked
package dev.partita.local.object;

import org.jspecify.annotations.NullMarked;
