package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Index;
import dev.partita.crd.Partition;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// Kills the operator at its first write of a change, then at the second, and so on until it
/// survives the change; another operator, which remembers nothing, takes over each time. Whatever
/// happened, the world has to be the same afterwards, with nothing left over.
///
/// A change alternates with the one that undoes it, so that one namespace serves all kill points,
/// and each recovery starts from what the one before has left. Flows run beside each other: they
/// mostly wait.
abstract class KillPoints extends OperatorFixture {

  private static final System.Logger LOG = System.getLogger(KillPoints.class.getName());

  /// More writes than any flow has.
  private static final int WRITES_MAX = 200;

  /// What is merged has to rest first, at each kill point: all of them are walked through with 1.
  private static final int MERGE_STRIDE = Integer.getInteger("partita.kill.stride", 5);

  /// A change that somebody makes.
  ///
  /// @param change returns early when the operator is dead
  /// @param outcome whether it has happened, apart from what holds for all changes
  record Change(String name, Runnable change, BooleanSupplier outcome) {}

  /// How many kill points are skipped between two that are tried.
  private final int stride;

  KillPoints(int stride) {
    this.stride = stride;
  }

  @BeforeEach
  void createNamespace() {
    begin();
    start(CrashPoint.never());
  }

  @AfterEach
  void leaveNamespace() {
    end();
  }

  // --------------------------------------------------------------------------------------------------------- flows

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void scalingOutAndInEndTheSame() {
    apply(site(3));
    apply(partition("p", "range: {start: 0, end: 10}"));
    apply(partition("q", "range: {start: 10, end: 20}"));
    Change out = new Change("scale out", () -> scale(4), () -> podNames().size() == 4);
    Change in = new Change("scale in", () -> scale(3), () -> podNames().size() == 3);
    killedAtEveryWrite(in, out);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void cancelledScaleInEndsTheSame() {
    apply(site(4));
    apply(partition("p", "range: {start: 0, end: 10}"));
    apply(partition("q", "range: {start: 10, end: 20}"));
    Change cancelled =
        new Change(
            "cancelled scale-in",
            () -> {
              cluster.holdMoves(true);
              scale(3);
              awaitUnlessKilled(() ->
                  "Draining".equals(cluster.states().get("main-3"))
                      && (cluster.isMoving("p") || cluster.isMoving("q")));
              scale(4);
              cluster.holdMoves(false);
            },
            () -> !cluster.states().containsValue("Draining"));
    killedAtEveryWrite(cancelled);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void changeOfReplicasEndsTheSame() {
    apply(site(3));
    apply(partition("p", "range: {}, replicas: 1"));
    Change more =
        new Change(
            "more replicas",
            () -> apply(partition("p", "range: {}, replicas: 3")),
            () -> cluster.replicas("p").size() == 3);
    Change fewer =
        new Change(
            "fewer replicas",
            () -> apply(partition("p", "range: {}, replicas: 1")),
            () -> cluster.replicas("p").size() == 1);
    killedAtEveryWrite(fewer, more);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void changeOfPlacementEndsTheSame() {
    apply(site(2));
    apply(site(1).replace("name: main", "name: far"));
    Change far = placed("far", "main");
    Change near = placed("main", "far");
    apply(partition("p", "range: {}, replicas: 1, placement: [{site: main, replicas: 1}]"));
    killedAtEveryWrite(near, far);
  }

  private Change placed(String site, String before) {
    return new Change(
        "move from " + before + " to " + site,
        () ->
            apply(
                partition(
                    "p",
                    "range: {}, replicas: 1, placement: [{site: %s, replicas: 1}]"
                        .formatted(site))),
        () -> cluster.replicas("p").stream().allMatch(each -> each.startsWith(site + "-")));
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void creatingAndDeletingAnIndexEndTheSame() {
    apply(site(1));
    Change create =
        new Change("index", () -> apply(index("i")), () -> cluster.indexes().contains("i"));
    Change delete =
        new Change(
            "index deletion",
            () -> delete(Index.class, "i"),
            () -> isGone(Index.class, "i") && cluster.indexes().isEmpty());
    killedAtEveryWrite(delete, create);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void deletingAPartitionThatRetainsItsRowsEndsTheSame() {
    partitionDeletion("Retain", true);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void deletingAPartitionWithItsRowsEndsTheSame() {
    partitionDeletion("Delete", false);
  }

  private void partitionDeletion(String policy, boolean retains) {
    apply(site(1));
    String p = partition("p", "range: {}, replicas: 1, deletionPolicy: " + policy);
    Change create =
        new Change(
            "partition",
            () -> apply(p),
            () -> cluster.partitions().contains("p") && cluster.retainedRows().isEmpty());
    Change delete =
        new Change(
            "partition deletion",
            () -> delete(Partition.class, "p"),
            () ->
                isGone(Partition.class, "p")
                    && cluster.partitions().isEmpty()
                    && cluster.retainedRows().contains("p") == retains);
    killedAtEveryWrite(create, delete);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void deletingAPartitionWhileAReplicaMovesEndsTheSame() {
    apply(site(3));
    Change create =
        new Change(
            "partition",
            () -> apply(partition("p", "range: {}, replicas: 1, deletionPolicy: Delete")),
            () -> cluster.replicas("p").size() == 1);
    Change delete =
        new Change(
            "partition deletion while a replica moves",
            () -> {
              cluster.holdMoves(true);
              apply(partition("p", "range: {}, replicas: 3, deletionPolicy: Delete"));
              awaitUnlessKilled(() -> cluster.isMoving("p"));
              delete(Partition.class, "p");
              cluster.holdMoves(false);
            },
            () -> isGone(Partition.class, "p") && cluster.partitions().isEmpty());
    killedAtEveryWrite(create, delete);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void aPartitionThatSplitsItselfEndsTheSame() {
    apply(site(1));
    cluster.willHave("p", 3 << 20, "{\"measured\": true, \"bySize\": 50}");
    String p =
        partition(
            "p",
            "range: {start: 0, end: 100}, replicas: 1, deletionPolicy: Delete, split: {maxSize: 1Mi, mode: Auto}");
    Change split =
        new Change(
            "split",
            () -> apply(p),
            () ->
                cluster.parts("p").size() == 2
                    && cluster.parts("p").stream()
                        .noneMatch(part -> isGone(Partition.class, part)));
    Change delete =
        new Change(
            "deletion of a tree",
            () -> delete(Partition.class, "p"),
            () ->
                cluster.partitions().isEmpty()
                    && client()
                        .resources(Partition.class)
                        .inNamespace(namespace)
                        .list()
                        .getItems()
                        .isEmpty());
    killedAtEveryWrite(split, delete);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void splittingAndMergingEndTheSame() {
    apply(site(1));
    apply(
        partition(
            "p",
            "range: {start: 0, end: 100}, replicas: 1, split: {maxSize: 1Mi, merge: true, mode: Auto}"));
    awaitReady(Partition.class, "p");
    String middle = "{\"measured\": true, \"bySize\": 50}";
    Change split =
        new Change(
            "split",
            () -> cluster.size("p", 3 << 20, middle),
            () ->
                cluster.parts("p").size() == 2
                    && cluster.parts("p").stream()
                        .noneMatch(part -> isGone(Partition.class, part)));
    Change merge =
        new Change(
            "merge",
            () -> cluster.parts("p").forEach(part -> cluster.size(part, 1 << 10, middle)),
            () ->
                cluster.stateOf("p").equals("Active")
                    && client()
                            .resources(Partition.class)
                            .inNamespace(namespace)
                            .list()
                            .getItems()
                            .size()
                        == 1);
    killedAtWrites(Math.max(stride, MERGE_STRIDE), split, merge);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void rollingRestartEndsTheSame() {
    apply(site(3, "resources: {requests: {cpu: 10m}}"));
    apply(partition("p", "range: {}"));
    killedAtEveryWrite(rolled("20m"), rolled("10m"));
  }

  private Change rolled(String cpu) {
    return new Change(
        "rolling restart",
        () -> apply(site(3, "resources: {requests: {cpu: %s}}".formatted(cpu))),
        () ->
            podList().stream()
                .allMatch(pod ->
                    pod.getSpec()
                        .getContainers()
                        .getFirst()
                        .getResources()
                        .getRequests()
                        .toString()
                        .contains(cpu)));
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void growingStorageEndsTheSame() {
    apply(site(2));
    AtomicInteger size = new AtomicInteger(1);
    Change growth =
        new Change(
            "storage growth",
            () ->
                apply(site(2).replace("size: 1Mi", "size: %dMi".formatted(size.incrementAndGet()))),
            () -> claimSizes().equals(List.of(size + "Mi", size + "Mi")));
    killedAtEveryWrite(growth);
  }

  // ---------------------------------------------------------------------------------------------------------- kills

  /// @param changes each undoes the one before, and the first the last
  private void killedAtEveryWrite(Change... changes) {
    killedAtWrites(stride, changes);
  }

  private void killedAtWrites(int step, Change... changes) {
    awaitStill("the start", () -> !cluster.states().isEmpty());
    List<String> worlds = new ArrayList<>();
    for (Change change : changes) {
      change.change().run();
      worlds.add(seenStill(change.name(), change.outcome(), this::world));
    }
    boolean[] survived = new boolean[changes.length];
    for (int writes = 0; !all(survived); writes += step) {
      assertThat(writes).as("writes of one flow").isLessThan(WRITES_MAX);
      for (int i = 0; i < changes.length; i++) {
        String what = changes[i].name() + ", killed after " + writes + " writes";
        survived[i] = isSurvived(changes[i], survived[i] ? WRITES_MAX : writes, what);
        LOG.log(System.Logger.Level.INFO, survived[i] ? changes[i].name() + " survived" : what);
        String world = seenStill(what, changes[i].outcome(), this::world);
        assertThat(world).as(what).isEqualTo(worlds.get(i));
      }
    }
  }

  private boolean isSurvived(Change change, int writes, String what) {
    CrashPoint crash = operator().crash();
    crash.dieAfter(writes);
    change.change().run();
    await(what).atMost(PATIENCE).until(() -> crash.isReached() || isSettled(change.outcome()));
    crash.spare();
    if (crash.isReached()) {
      restart();
      return false;
    }
    return true;
  }

  private void awaitUnlessKilled(BooleanSupplier condition) {
    CrashPoint crash = operator().crash();
    await().atMost(PATIENCE).until(() -> crash.isReached() || condition.getAsBoolean());
  }

  /// All that a flow could leave behind, as text. What must differ from run to run is left out:
  /// identities, epochs, times, and which of several equal nodes holds a replica.
  private String world() {
    List<String> lines = new ArrayList<>();
    objects().map(KillPoints::line).sorted().forEach(lines::add);
    lines.add("nodes " + cluster.states());
    lines.add("load " + cluster.load().values().stream().sorted().toList());
    cluster.partitions().stream()
        .sorted()
        .map(name -> withoutNumber(name) + " on " + cluster.replicas(name).size())
        .forEach(lines::add);
    lines.add("indexes " + cluster.indexes());
    lines.add("rows retained " + cluster.retainedRows());
    lines.add("operations " + (cluster.isQuiet() ? "none" : "some"));
    return String.join("\n", lines);
  }

  private static String line(HasMetadata object) {
    String more =
        object instanceof StatefulSet set ? " replicas " + set.getSpec().getReplicas() : "";
    return object.getKind()
        + " "
        + (object instanceof Partition
            ? withoutNumber(object.getMetadata().getName())
            : object.getMetadata().getName())
        + more
        + " finalizers "
        + object.getMetadata().getFinalizers()
        + (object.getMetadata().getDeletionTimestamp() == null ? "" : " being deleted");
  }

  /// Parts are called by identities, which are never given again.
  private static String withoutNumber(String partition) {
    return partition.replaceAll("-\\d+$", "-part");
  }

  private <T extends HasMetadata> boolean isGone(Class<T> kind, String name) {
    return client().resources(kind).inNamespace(namespace).withName(name).get() == null;
  }

  private <T extends HasMetadata> void delete(Class<T> kind, String name) {
    client().resources(kind).inNamespace(namespace).withName(name).delete();
  }

  private static boolean all(boolean[] values) {
    boolean all = true;
    for (boolean value : values) {
      all &= value;
    }
    return all;
  }
}
