package dev.partita.launcher;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/// What DNS servers of several clouds answer that make a cluster set: for each cloud a file in the
/// format of `/etc/hosts` with all names of its own pods, and of those of the other clouds the
/// names of the set alone. It follows the files that the test beds keep, which stay when one is
/// lost.
final class ClusterSetNames implements AutoCloseable {
  private static final String CLUSTER = ".svc";
  private static final String CLUSTER_SET = ".svc.clusterset.local";
  private static final long PAUSE_MILLIS = 200;

  private final Map<String, Path> told = new ConcurrentHashMap<>();
  private final Path directory;

  /// By cloud. Only the thread below touches it.
  private final Map<String, List<String>> written = new HashMap<>();

  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("cluster-set-names").factory());

  /// @param directory for the files
  ClusterSetNames(Path directory) {
    this.directory = directory;
    var _ = thread.scheduleWithFixedDelay(this::follow, 0, PAUSE_MILLIS, MILLISECONDS);
  }

  /// Adds a cloud to the set.
  ///
  /// @param hosts the names of its pods, as its test bed tells them
  /// @return the names that its pods go by
  Path add(String cloud, Path hosts) {
    told.put(cloud, hosts);
    return file(cloud);
  }

  private Path file(String cloud) {
    return directory.resolve(cloud + ".hosts");
  }

  private void follow() {
    Map<String, List<String>> own = new HashMap<>();
    told.forEach((cloud, hosts) -> own.put(cloud, lines(hosts)));
    List<String> shared =
        own.values().stream().flatMap(List::stream).map(ClusterSetNames::inClusterSet).toList();
    own.forEach((cloud, lines) -> {
      List<String> all = new ArrayList<>(lines);
      all.addAll(shared);
      if (!all.equals(written.get(cloud))) {
        write(file(cloud), all);
        written.put(cloud, all);
      }
    });
  }

  /// `127.0.1.2 pod.service.namespace.svc.cluster.local pod.service.namespace.svc` with the name
  /// that the pod has in the set.
  private static String inClusterSet(String line) {
    String address = line.substring(0, line.indexOf(' '));
    String name = line.substring(line.lastIndexOf(' ') + 1, line.length() - CLUSTER.length());
    return address + " " + name + CLUSTER_SET;
  }

  private static List<String> lines(Path file) {
    try {
      return Files.exists(file) ? Files.readAllLines(file) : List.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, List<String> lines) {
    try {
      Path next = Files.write(file.resolveSibling(file.getFileName() + ".next"), lines);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    thread.close();
  }
}
