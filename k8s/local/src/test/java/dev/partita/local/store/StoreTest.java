package dev.partita.local.store;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreTest {
  @TempDir Path directory;

  private static StoreKey key(String namespace, String name) {
    return new StoreKey("g/things", namespace, name);
  }

  private static ObjectNode object(int value) {
    return Json.object().put("value", value);
  }

  private static List<String> drain(Watch watch) throws InterruptedException {
    List<String> events = new ArrayList<>();
    for (StoreEvent event = watch.poll(Duration.ZERO);
        event != null;
        event = watch.poll(Duration.ZERO)) {
      events.add(event.type() + " " + event.key().name() + " " + event.revision());
    }
    return events;
  }

  @Test
  void everyWriteHasTheNextRevision() {
    try (Store store = Store.open(directory)) {
      long start = store.revision();
      store.put(key("n", "a"), object(1));
      ObjectNode second = store.put(key("n", "a"), object(2));
      ObjectNode deleted = store.delete(key("n", "a"));

      assertThat(Json.string(second, "metadata", "resourceVersion"))
          .isEqualTo(Long.toString(start + 2));
      assertThat(Json.string(deleted, "metadata", "resourceVersion"))
          .isEqualTo(Long.toString(start + 3));
      assertThat(store.delete(key("n", "a"))).isNull();
      assertThat(store.revision()).isEqualTo(start + 3);
    }
  }

  @Test
  void aSecondStartFindsEverything() {
    long revision;
    try (Store store = Store.open(directory)) {
      store.put(key("n", "a"), object(1));
      store.put(key("n", "b"), object(2));
      store.delete(key("n", "a"));
      revision = store.revision();
    }
    try (Store store = Store.open(directory)) {
      assertThat(store.revision()).isEqualTo(revision);
      assertThat(store.get(key("n", "a"))).isNull();
      assertThat(Json.number(store.get(key("n", "b")), 0, "value")).isEqualTo(2);
      assertThat(store.watch(k -> true, revision - 1)).as("the history is not kept").isNull();
    }
  }

  @Test
  void listsAreOfOneNamespaceAndInOrder() {
    try (Store store = Store.open(directory)) {
      store.put(key("n", "b"), object(1));
      store.put(key("n", "a"), object(2));
      store.put(key("nn", "c"), object(3));
      store.put(new StoreKey("g/thingsmore", "n", "z"), object(4));

      assertThat(store.list("g/things", "n").objects())
          .extracting(o -> o.path("value").asInt())
          .containsExactly(2, 1);
      assertThat(store.list("g/things", "").objects()).hasSize(3);
    }
  }

  @Test
  void watchesSeeWritesAfterTheirRevision() throws InterruptedException {
    try (Store store = Store.open(directory)) {
      store.put(key("n", "a"), object(1));
      long revision = store.revision();
      store.put(key("n", "b"), object(1));
      try (Watch watch = requireNonNull(store.watch(k -> true, revision))) {
        store.delete(key("n", "a"));
        assertThat(drain(watch))
            .containsExactly("ADDED b " + (revision + 1), "DELETED a " + (revision + 2));
      }
    }
  }

  @Test
  void watchesFromTheStartBeginWithWhatExists() throws InterruptedException {
    try (Store store = Store.open(directory)) {
      store.put(key("n", "a"), object(1));
      long revision = store.revision();
      try (Watch watch = store.watchFromStart(k -> k.name().equals("a"))) {
        store.put(key("n", "b"), object(1));
        store.put(key("n", "a"), object(2));
        assertThat(drain(watch))
            .containsExactly("ADDED a " + revision, "MODIFIED a " + (revision + 2));
      }
    }
  }

  @Test
  void aRevisionThatIsForgottenIsRefused() {
    try (Store store = Store.open(directory)) {
      long revision = store.revision();
      for (int i = 0; i <= Store.HISTORY_MAX + 1; i++) {
        store.put(key("n", "a"), object(i));
      }
      assertThat(store.watch(k -> true, revision)).isNull();
      assertThat(store.watch(k -> true, store.revision() + 1)).as("a revision to come").isNull();
    }
  }

  /// A thread that has outlived the control plane must not take the process down with it.
  @Test
  void whatIsClosedRefusesWritesAndCanBeRead() {
    Store store = Store.open(directory);
    store.put(key("n", "a"), object(1));
    long revision = store.revision();
    store.close();
    store.close();

    assertThatExceptionOfType(Store.ClosedException.class)
        .isThrownBy(() -> store.put(key("n", "b"), object(2)));
    assertThatExceptionOfType(Store.ClosedException.class)
        .isThrownBy(() -> store.delete(key("n", "a")));
    assertThat(store.get(key("n", "a"))).isNotNull();
    assertThat(store.revision()).isEqualTo(revision);

    try (Store again = Store.open(directory)) {
      assertThat(again.list("g/things", "n").objects()).hasSize(1);
    }
  }
}
