/// Structural schemas: what an object of a kind may look like.
///
/// [Schema] is a read-only view over an OpenAPI v3 schema, of a custom resource definition or of a
/// built-in kind ([BuiltInSchemas]). Separate passes over an object use it: [UnknownFields] prunes
/// or reports, [Defaults] fills in, [Validation] checks, and [ValidationRules] evaluates the CEL
/// rules of `x-kubernetes-validations`, including those that compare with the old object.
/// Everything here is a pure function of its arguments and safe for use by many threads.
@NullMarked
package dev.partita.local.schema;

import org.jspecify.annotations.NullMarked;
