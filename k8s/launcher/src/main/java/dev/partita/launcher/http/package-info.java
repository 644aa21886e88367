/// How the launcher's commands ask nodes over HTTP.
@NullMarked
package dev.partita.launcher.http;

import org.jspecify.annotations.NullMarked;
