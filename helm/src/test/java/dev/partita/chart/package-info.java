/// Tests of the Helm chart and of the plain manifests that are made from it.
///
/// `ChartTest` renders it with Helm as a library and needs nothing installed; `ChartFilesTest`
/// holds what is copied or generated equal to its source; `ChartIT` installs it with the real helm
/// on a real Kubernetes control plane.
@NullMarked
package dev.partita.chart;

import org.jspecify.annotations.NullMarked;
