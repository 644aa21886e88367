/// The HTTP server: discovery, OpenAPI, objects, tables, watches and logs, as kubectl and the usual
/// client libraries ask for them. [ApiServer] is the main type. Loopback only, bearer token
/// required, a virtual thread for each request.
@NullMarked
package dev.partita.local.api;

import org.jspecify.annotations.NullMarked;
