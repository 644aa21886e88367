package dev.partita.operator.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiMetersTest {

  @ParameterizedTest
  @CsvSource({
    "/api/v1/namespaces/db/pods/main-0, pods",
    "/api/v1/namespaces/db/events, events",
    "/api/v1/namespaces/db, namespaces",
    "/api/v1/namespaces, namespaces",
    "/api/v1/namespaces/db/persistentvolumeclaims/data-main-0, persistentvolumeclaims",
    "/apis/apps/v1/namespaces/db/statefulsets/main, statefulsets",
    "/apis/apps/v1/statefulsets, statefulsets",
    "/apis/partita.dev/v1alpha1/namespaces/db/partitions/pods/status, partitions/status",
    "/apis/partita.dev/v1alpha1/namespaces/db/partitions/status, partitions",
    "/apis/coordination.k8s.io/v1/namespaces/db/leases/partita-operator, leases",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sites.partita.dev, customresourcedefinitions",
    "/version, other",
    "/, other"
  })
  void aPathTellsItsKindAndNoNames(String path, String resource) {
    assertThat(ApiMeters.resource(path)).isEqualTo(resource);
  }
}
