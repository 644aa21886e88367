/// Starts and stops the real Kubernetes control plane that the Go part of this module builds, for
/// tests of the profile `kube`.
@NullMarked
package dev.partita.testbed;

import org.jspecify.annotations.NullMarked;
