/// The four kinds of patches and the ownership of fields.
///
/// [JsonPatch] (RFC 6902), [MergePatch] (RFC 7386), [StrategicMergePatch] (lists merged by the keys
/// of the schema) and [ServerSideApply], which merges a declared object into the live one,
/// remembers who owns which field ([ManagedFields], [FieldSet]) and refuses to take a field over
/// silently. Pure functions: inputs are never changed.
@NullMarked
package dev.partita.local.patch;

import org.jspecify.annotations.NullMarked;
