/// Builds the container images of the operator and the nodes, without a container engine and, if
/// need be, without a network: `./partita image`.
///
/// [Main] parses the command line. For each [Application] a directory is laid out as it will be in
/// the image ([Layout]): a Java runtime cut out of the JDK that builds (`jlink`), the packaged
/// application, and an ahead-of-time cache that a training run of exactly these files has written
/// ([Training], JEP 514). The cache is valid for the same runtime, jars, modification times and
/// relative class path only, so all of them are in the image as they were trained. [Image] makes
/// layers of it on a base image, or on the system libraries of this machine ([SystemLibraries]).
@NullMarked
package dev.partita.image;

import org.jspecify.annotations.NullMarked;
