package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Index;
import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.crd.SiteStatus;
import io.fabric8.kubernetes.client.CustomResource;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// No resource is overlooked, whatever happens to it while the operator writes. The operators here
/// look at nothing because of the time that has passed, which would hide that an event was lost.
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class LostEventTest extends SharedControlPlane {

  private static final Duration NEVER = Duration.ofHours(1);

  private void startWithoutNet() {
    start(CrashPoint.never(), new TestOperator.Pace(NEVER, NEVER));
    apply(site(3));
    awaitReady(Site.class, "main");
    awaitStill(); // so that what a test waits for is no write of the beginning
  }

  /// Once, when the operator is about to make such a write, something happens.
  ///
  /// @return whether it has
  private AtomicBoolean before(Predicate<String> write, Runnable happening) {
    AtomicBoolean happened = new AtomicBoolean();
    operator().crash().interfere(once(write, happening, happened), _ -> {});
    return happened;
  }

  /// Once, when the operator has made such a write and does not know it yet, something happens.
  ///
  /// @return whether it has
  private AtomicBoolean after(Predicate<String> write, Runnable happening) {
    AtomicBoolean happened = new AtomicBoolean();
    operator().crash().interfere(_ -> {}, once(write, happening, happened));
    return happened;
  }

  private static Consumer<String> once(
      Predicate<String> write, Runnable happening, AtomicBoolean happened) {
    AtomicBoolean begun = new AtomicBoolean();
    return what -> {
      if (write.test(what) && begun.compareAndSet(false, true)) {
        happening.run();
        happened.set(true);
      }
    };
  }

  private static Predicate<String> statusOf(String plural, String name) {
    return what -> what.contains("/%s/%s/status ".formatted(plural, name));
  }

  /// Which is a JSON patch of the resource itself.
  private static Predicate<String> finalizerOf(String plural, String name) {
    return what -> what.contains("/%s/%s [{".formatted(plural, name));
  }

  private static void awaitTrue(AtomicBoolean happened) {
    await().atMost(PATIENCE).untilTrue(happened);
  }

  private <T extends CustomResource<?, ?>> Optional<T> find(Class<T> type, String name) {
    return Optional.ofNullable(
        client().resources(type).inNamespace(namespace).withName(name).get());
  }

  private <T extends CustomResource<?, ?>> void delete(Class<T> type, String name) {
    client().resources(type).inNamespace(namespace).withName(name).delete();
  }

  private <T extends CustomResource<?, ?>> void awaitGone(Class<T> type, String name) {
    await(name + " to go").atMost(PATIENCE).until(() -> find(type, name).isEmpty());
  }

  /// What has gone with its finalizer is made again, and its events are heard of.
  private <T extends CustomResource<?, ?>> void makeAgain(
      Class<T> type, String controller, String name, String again, String marker) {
    awaitGone(type, name);
    apply(again);
    apply(marker);
    String last = client().resource(marker).item().getMetadata().getName();
    await("the events until then")
        .atMost(PATIENCE)
        .until(() -> operator().activity().hasHeardOf(controller, last));
  }

  @Test
  void aPartitionThatIsMadeAgainWhileTheOneBeforeIsCleanedUpIsLookedAt() {
    startWithoutNet();
    String p = partition("p", "range: {start: 0, end: 9}, replicas: 1");
    apply(p);
    awaitReady(Partition.class, "p");
    String uid = get(Partition.class, "p").getMetadata().getUid();
    AtomicBoolean happened =
        after(
            finalizerOf("partitions", "p"),
            () ->
                makeAgain(
                    Partition.class,
                    "partition",
                    "p",
                    p,
                    partition("marker", "range: {start: 9, end: 10}, replicas: 1")));

    delete(Partition.class, "p");

    awaitTrue(happened);
    awaitReady(Partition.class, "p");
    assertThat(get(Partition.class, "p").getMetadata().getUid()).isNotEqualTo(uid);
    assertThat(cluster.partitions()).contains("p");
    delete(Partition.class, "p");
    awaitGone(Partition.class, "p");
    assertThat(cluster.partitions()).doesNotContain("p");
  }

  @Test
  void anIndexThatIsMadeAgainWhileTheOneBeforeIsCleanedUpIsLookedAt() {
    startWithoutNet();
    apply(index("i"));
    awaitReady(Index.class, "i");
    AtomicBoolean happened =
        after(
            finalizerOf("indexes", "i"),
            () -> makeAgain(Index.class, "index", "i", index("i"), index("marker")));

    delete(Index.class, "i");

    awaitTrue(happened);
    awaitReady(Index.class, "i");
    assertThat(cluster.indexes()).contains("i");
  }

  @Test
  void whatIsDeletedWhileItsStatusIsWrittenGoes() {
    startWithoutNet();
    apply(partition("p", "range: {start: 0, end: 9}, replicas: 1"));
    awaitReady(Partition.class, "p");
    awaitStill();
    AtomicBoolean happened =
        before(statusOf("partitions", "p"), () -> delete(Partition.class, "p"));

    cluster.figures("p", 100, 0);

    awaitTrue(happened);
    awaitGone(Partition.class, "p");
  }

  @Test
  void whatIsDeclaredWhileAStatusIsWrittenIsDone() {
    startWithoutNet();
    apply(partition("p", "range: {start: 0, end: 9}, replicas: 1"));
    awaitReady(Partition.class, "p");
    awaitStill();
    AtomicBoolean happened =
        before(
            statusOf("partitions", "p"),
            () -> apply(partition("p", "range: {start: 0, end: 9}, replicas: 3")));

    cluster.figures("p", 100, 0);

    awaitTrue(happened);
    await().atMost(PATIENCE).until(() -> cluster.replicas("p").size() == 3);
    AtomicBoolean scaled = before(statusOf("sites", "main"), () -> scale(5));
    scale(4);
    awaitTrue(scaled);
    await().atMost(PATIENCE).until(() -> podNames().size() == 5);
  }

  @Test
  void whatIsMadeAgainWhileAStatusIsWrittenIsNotToldWhatIsTrueOfTheOneBefore() {
    startWithoutNet();
    AtomicReference<@Nullable SiteStatus> told = new AtomicReference<>();
    AtomicBoolean madeAgain = new AtomicBoolean();
    AtomicBoolean written = new AtomicBoolean();
    Predicate<String> status = statusOf("sites", "main");
    operator()
        .crash()
        .interfere(
            once(
                status,
                () -> {
                  delete(Site.class, "main");
                  awaitGone(Site.class, "main");
                  apply(site(4));
                },
                madeAgain),
            once(
                status.and(_ -> madeAgain.get()),
                () -> told.set(get(Site.class, "main").getStatus()),
                written));

    scale(4);

    awaitTrue(written);
    assertThat(told).hasNullValue();
    awaitStill("all of them again", () -> podNames().size() == 4);
  }

  @Test
  void whatTheSdkTakesForBeingReconciledForGoodIsLookedAtAgain() {
    start(CrashPoint.never(), new TestOperator.Pace(NEVER, Duration.ofSeconds(2)));
    apply(site(1));
    awaitReady(Site.class, "main");
    AtomicBoolean ended = new AtomicBoolean();
    var _ =
        before(
            what -> what.equals("putPartition p"),
            () -> {
              ended.set(true);
              throw new StackOverflowError("the thread of a reconcile ends here");
            });

    apply(partition("p", "range: {}, replicas: 1"));

    awaitReady(Partition.class, "p");
    assertThat(ended).isTrue();
    assertThat(cluster.partitions()).containsExactly("p");
  }
}
