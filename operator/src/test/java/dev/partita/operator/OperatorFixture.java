package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Condition;
import dev.partita.crd.Index;
import dev.partita.crd.IndexStatus;
import dev.partita.crd.Partition;
import dev.partita.crd.PartitionStatus;
import dev.partita.crd.Site;
import dev.partita.crd.SiteStatus;
import dev.partita.operator.fake.FakeCluster;
import dev.partita.operator.fake.FakePods;
import dev.partita.operator.resource.Labels;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/// One namespace with fake nodes in its pods, and the words in which tests speak of it.
abstract class OperatorFixture {

  /// For a starved machine: nothing here waits for so long on one that works.
  static final Duration PATIENCE = Duration.ofMinutes(10);

  /// What the operator, the control plane and users make.
  private static final List<Class<? extends HasMetadata>> KINDS =
      List.of(
          Site.class,
          Partition.class,
          Index.class,
          StatefulSet.class,
          ConfigMap.class,
          Service.class,
          PodDisruptionBudget.class,
          Pod.class,
          PersistentVolumeClaim.class);

  static {
    // A reconcile that begins while its operator stops finds the operator's caches closed, and its
    // thread dies of that. Awaitility would have it fail whichever test waits at the moment.
    Awaitility.doNotCatchUncaughtExceptionsByDefault();
  }

  static final int HTTP_PORT = 18_460;

  private static final PatchContext APPLY =
      new PatchContext.Builder()
          .withPatchType(PatchType.SERVER_SIDE_APPLY)
          .withFieldManager("user")
          .withForce(true)
          .build();

  private @Nullable FakePods pods;
  private @Nullable TestOperator operator;
  FakeCluster cluster = new FakeCluster();
  String namespace = "";

  /// Where all of it runs.
  abstract ControlPlane controlPlane();

  final void begin() {
    namespace = controlPlane().newNamespace();
    cluster = new FakeCluster();
    pods = new FakePods(client(), namespace, cluster, HTTP_PORT);
  }

  /// Ends all nodes, whose pods go on doing nothing.
  final void stopNodes() {
    Objects.requireNonNull(pods).close();
  }

  /// Has the pods be nodes again.
  final void startNodes() {
    pods = new FakePods(client(), namespace, cluster, HTTP_PORT);
  }

  final void end() {
    if (operator != null) {
      operator.close();
      operator = null;
    }
    Objects.requireNonNull(pods).close();
    releaseNamespace();
  }

  /// The operator that runs.
  final TestOperator operator() {
    return Objects.requireNonNull(operator);
  }

  /// Another operator takes over, which knows nothing of the one before.
  final void restart() {
    operator().close();
    start(CrashPoint.never());
  }

  /// Finalizers would hold the namespace now that the operator is gone.
  final void releaseNamespace() {
    List.of(Site.class, Partition.class, Index.class).forEach(this::dropFinalizers);
    client().namespaces().withName(namespace).delete();
  }

  /// Changes an object as somebody with kubectl does: on top of whatever others write meanwhile.
  static <T extends HasMetadata> void edit(Resource<T> object, UnaryOperator<T> change) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptionsMatching(OperatorFixture::isConflict)
        .until(() -> {
          object.edit(change);
          return true;
        });
  }

  private static boolean isConflict(Throwable failure) {
    return failure instanceof KubernetesClientException refused
        && refused.getCode() == HttpURLConnection.HTTP_CONFLICT;
  }

  final <T extends HasMetadata> void dropFinalizers(Class<T> type) {
    client().resources(type).inNamespace(namespace).list().getItems().stream()
        .map(each -> each.getMetadata().getName())
        .forEach(name ->
            edit(
                client().resources(type).inNamespace(namespace).withName(name),
                each -> {
                  each.getMetadata().setFinalizers(List.of());
                  return each;
                }));
  }

  /// Another version of the operator takes over, whose Sites get that image unless they say
  /// otherwise.
  final void restart(String defaultImage) {
    operator().close();
    operator = TestOperator.start(controlPlane(), namespace, HTTP_PORT, defaultImage);
  }

  final TestOperator start(CrashPoint crash) {
    return start(crash, TestOperator.Pace.STANDARD);
  }

  final TestOperator start(CrashPoint crash, TestOperator.Pace pace) {
    TestOperator started = TestOperator.start(controlPlane(), namespace, HTTP_PORT, crash, pace);
    operator = started;
    return started;
  }

  final KubernetesClient client() {
    return controlPlane().client();
  }

  final void apply(String yaml) {
    client().resource(yaml).inNamespace(namespace).patch(APPLY);
  }

  final void scale(int nodes) {
    client().resources(Site.class).inNamespace(namespace).withName("main").scale(nodes);
  }

  static String site(int nodes) {
    return site(nodes, "edge: false");
  }

  static String site(int nodes, String more) {
    return "apiVersion: partita.dev/v1alpha1\nkind: Site\nmetadata: {name: main}\nspec: {nodes: %d, storage: {size: 1Mi}, %s}"
        .formatted(nodes, more);
  }

  static String partition(String name, String more) {
    return "apiVersion: partita.dev/v1alpha1\nkind: Partition\nmetadata: {name: %s}\nspec: {collection: c, %s}"
        .formatted(name, more);
  }

  static String index(String name) {
    return "apiVersion: partita.dev/v1alpha1\nkind: Index\nmetadata: {name: %s}\nspec: {collection: c, terms: [{field: a}]}"
        .formatted(name);
  }

  final <T extends HasMetadata> T get(Class<T> type, String name) {
    return Objects.requireNonNull(
        client().resources(type).inNamespace(namespace).withName(name).get(), name);
  }

  final <T extends HasMetadata> void awaitReady(Class<T> type, String name) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(condition(get(type, name), "Ready"))
                .as(() -> type.getSimpleName() + " " + conditions(get(type, name)) + " " + cluster)
                .isEqualTo("True"));
  }

  /// Waits until everything is as declared and nobody changes anything any more.
  final void awaitStill() {
    awaitStill("a still world", () -> true);
  }

  /// Waits until something has happened and nobody changes anything any more.
  final void awaitStill(String what, BooleanSupplier outcome) {
    var _ = seenStill(what, outcome, () -> "");
  }

  /// Waits until something has happened and nobody changes anything any more.
  ///
  /// @param look what is looked at then; nobody has changed anything while it was
  final <T> T seenStill(String what, BooleanSupplier outcome, Supplier<T> look) {
    Stillness stillness = new Stillness(operator(), cluster);
    AtomicReference<@Nullable T> seen = new AtomicReference<>();
    await(what)
        .atMost(PATIENCE)
        .failFast("the operator was killed", () -> operator().crash().isReached())
        .untilAsserted(() -> {
          assertThat(disturbance(stillness, outcome)).isNull();
          seen.set(look.get());
          assertThat(disturbance(stillness, outcome)).isNull();
        });
    return Objects.requireNonNull(seen.get());
  }

  private @Nullable String disturbance(Stillness stillness, BooleanSupplier outcome) {
    return stillness.disturbance(unsettled(outcome), this::versions);
  }

  /// Waits until the operator has looked at the nodes so many times more, and has done what
  /// follows.
  final void awaitLooks(int count) {
    int until = cluster.stateReads() + count;
    await()
        .atMost(PATIENCE)
        .until(() -> cluster.stateReads() >= until && operator().activity().isIdle());
  }

  /// Whether, as far as anybody knows, there is nothing left to do.
  final boolean isSettled(BooleanSupplier outcome) {
    return unsettled(outcome) == null;
  }

  /// Something that is left to do; null if, as far as anybody knows, there is nothing.
  private @Nullable String unsettled(BooleanSupplier outcome) {
    if (!outcome.getAsBoolean()) {
      return "the outcome is not there: " + cluster;
    }
    if (!cluster.isQuiet() || !cluster.areLeadersEven()) {
      return "the nodes are at work: " + cluster;
    }
    return Stream.concat(
            Stream.of(Site.class, Partition.class, Index.class)
                .flatMap(kind -> list(kind).stream())
                .filter(each -> !isSettled(each))
                .map(each -> each.getMetadata().getName() + " " + conditions(each)),
            list(Pod.class).stream()
                .filter(pod -> !Readiness.isPodReady(pod))
                .map(pod -> pod.getMetadata().getName() + " is not ready"))
        .findFirst()
        .orElse(null);
  }

  /// All our objects, with their versions.
  private String versions() {
    return objects()
        .map(each ->
            each.getKind()
                + " "
                + each.getMetadata().getName()
                + " "
                + each.getMetadata().getResourceVersion())
        .sorted()
        .collect(Collectors.joining(", "));
  }

  /// All objects of the namespace that are ours, kind by kind.
  final Stream<HasMetadata> objects() {
    return KINDS.stream().flatMap(kind -> list(kind).stream());
  }

  private <T extends HasMetadata> List<T> list(Class<T> kind) {
    return client().resources(kind).inNamespace(namespace).list().getItems().stream()
        .filter(OperatorFixture::isOurs)
        .toList();
  }

  private static boolean isOurs(HasMetadata object) {
    return object.getApiVersion().startsWith("partita.dev/")
        || object.getMetadata().getName().equals("partita-cluster")
        || (object.getMetadata().getLabels() != null
            && object.getMetadata().getLabels().containsKey(Labels.SITE));
  }

  final <T extends HasMetadata> boolean isReady(Class<T> type, String name) {
    return condition(get(type, name), "Ready").equals("True");
  }

  /// Whether the operator has nothing to do about a resource any more.
  static boolean isSettled(HasMetadata resource) {
    return condition(resource, "Ready").equals("True")
        && condition(resource, "Reconciling").equals("False");
  }

  final <T extends HasMetadata> void awaitCondition(
      Class<T> type, String name, String condition, String status, String message) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(conditions(get(type, name)))
                .anySatisfy(each -> {
                  assertThat(each.type()).isEqualTo(condition);
                  assertThat(each.status()).isEqualTo(status);
                  assertThat(each.message()).contains(message);
                }));
  }

  final void awaitStatus(Class<Partition> type, String name, Predicate<PartitionStatus> expected) {
    await()
        .atMost(PATIENCE.toSeconds(), TimeUnit.SECONDS)
        .until(
            () -> get(type, name).getStatus(), status -> status != null && expected.test(status));
  }

  /// The condition's status, once it speaks of the present spec.
  static String condition(HasMetadata resource, String type) {
    return conditions(resource).stream()
        .filter(each -> each.type().equals(type))
        .filter(each ->
            Objects.equals(each.observedGeneration(), resource.getMetadata().getGeneration()))
        .map(Condition::status)
        .findFirst()
        .orElse("Unknown");
  }

  static List<Condition> conditions(HasMetadata resource) {
    Object status = resource instanceof CustomResource<?, ?> custom ? custom.getStatus() : null;
    List<Condition> conditions =
        switch (status) {
          case SiteStatus site -> site.conditions();
          case PartitionStatus partition -> partition.conditions();
          case IndexStatus index -> index.conditions();
          case null, default -> List.of();
        };
    return conditions == null ? List.of() : conditions;
  }

  final List<String> podNames() {
    return podList().stream().map(pod -> pod.getMetadata().getName()).sorted().toList();
  }

  final Set<String> podUids() {
    return podList().stream()
        .map(pod -> pod.getMetadata().getUid())
        .collect(Collectors.toUnmodifiableSet());
  }

  final List<Pod> podList() {
    return client()
        .pods()
        .inNamespace(namespace)
        .withLabels(Map.of("partita.dev/site", "main"))
        .list()
        .getItems();
  }

  final List<String> claimNames() {
    return client().persistentVolumeClaims().inNamespace(namespace).list().getItems().stream()
        .map(claim -> claim.getMetadata().getName())
        .sorted()
        .toList();
  }

  /// What the claims ask for, by name of the claim.
  final List<String> claimSizes() {
    return client().persistentVolumeClaims().inNamespace(namespace).list().getItems().stream()
        .sorted(Comparator.comparing(claim -> claim.getMetadata().getName()))
        .map(claim -> String.valueOf(claim.getSpec().getResources().getRequests().get("storage")))
        .toList();
  }
}
