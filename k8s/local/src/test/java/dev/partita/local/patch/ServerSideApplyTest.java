package dev.partita.local.patch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.patch.ManagedFields.Manager;
import dev.partita.local.patch.ServerSideApply.Conflict;
import dev.partita.local.patch.ServerSideApply.Outcome;
import dev.partita.local.schema.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ServerSideApplyTest {
  private static final String TIME = "2026-01-01T00:00:00Z";
  private static final Schema SCHEMA =
      Schema.custom(
          Json.parseTrusted(
              """
              {"type":"object","properties":{"spec":{"type":"object","properties":{
                "size":{"type":"integer"},
                "labels":{"type":"object","additionalProperties":{"type":"string"}},
                "whole":{"type":"object","x-kubernetes-map-type":"atomic","additionalProperties":{"type":"string"}},
                "plain":{"type":"array","items":{"type":"string"}},
                "tags":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
                "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
                  "items":{"type":"object","properties":{"name":{"type":"string"},"port":{"type":"integer"},"note":{"type":"string"}}}}
              }}}}
              """));

  private static Manager applier(String name) {
    return new Manager(name, "Apply", "v1", "");
  }

  private static Outcome outcome(
      @Nullable ObjectNode live, String manager, boolean force, String spec) {
    ObjectNode declared =
        Json.parseTrusted(
            "{\"apiVersion\":\"v1\",\"kind\":\"T\",\"metadata\":{\"name\":\"x\"},\"spec\":"
                + spec
                + "}");
    return ServerSideApply.apply(SCHEMA, live, declared, applier(manager), force, TIME);
  }

  private static ObjectNode apply(@Nullable ObjectNode live, String manager, String spec) {
    return ((Outcome.Applied) outcome(live, manager, false, spec)).object();
  }

  private static ObjectNode update(ObjectNode live, String manager, String spec) {
    ObjectNode next = live.deepCopy();
    next.set("spec", Json.parseTrusted(spec));
    ManagedFields.afterUpdate(SCHEMA, live, next, new Manager(manager, "Update", "v1", ""), TIME)
        .store(next);
    return next;
  }

  private static String spec(ObjectNode object) {
    return Json.text(object.path("spec"));
  }

  private static String owned(ObjectNode object, String manager) {
    return ManagedFields.of(object).entries().stream()
        .filter(e -> e.manager().name().equals(manager))
        .map(e -> Json.text(e.fields().toJson()))
        .findFirst()
        .orElse("");
  }

  @Test
  void declaredFieldsAreOwned() {
    ObjectNode live =
        apply(
            null,
            "a",
            "{\"size\":1,\"labels\":{\"k\":\"v\"},\"tags\":[\"t\"],\"ports\":[{\"name\":\"p\",\"port\":1}],\"plain\":[\"x\"],\"whole\":{\"q\":\"r\"}}");

    assertThat(owned(live, "a"))
        .isEqualTo(
            "{\"f:spec\":{\"f:labels\":{\"f:k\":{}},\"f:plain\":{},\"f:ports\":{\"k:{\\\"name\\\":\\\"p\\\"}\":{\".\":{},\"f:name\":{},\"f:port\":{}}},"
                + "\"f:size\":{},\"f:tags\":{\"v:\\\"t\\\"\":{}},\"f:whole\":{}}}");
  }

  @Test
  void applyingTheSameAgainChangesNothing() {
    ObjectNode live =
        apply(null, "a", "{\"size\":1,\"tags\":[\"t\"],\"ports\":[{\"name\":\"p\",\"port\":1}]}");

    assertThat(
            apply(
                live, "a", "{\"size\":1,\"tags\":[\"t\"],\"ports\":[{\"name\":\"p\",\"port\":1}]}"))
        .isEqualTo(live);
  }

  @Test
  void fieldsLeftOutAreRemoved() {
    ObjectNode live =
        apply(
            null, "a", "{\"size\":1,\"labels\":{\"k\":\"v\",\"l\":\"w\"},\"tags\":[\"t\",\"u\"]}");

    assertThat(spec(apply(live, "a", "{\"labels\":{\"l\":\"w\"},\"tags\":[\"u\"]}")))
        .isEqualTo("{\"labels\":{\"l\":\"w\"},\"tags\":[\"u\"]}");
  }

  @Test
  void fieldsThatSomebodyElseOwnsTooStay() {
    ObjectNode live =
        apply(apply(null, "a", "{\"size\":1,\"labels\":{\"k\":\"v\"}}"), "b", "{\"size\":1}");

    ObjectNode after = apply(live, "a", "{}");
    assertThat(spec(after)).isEqualTo("{\"size\":1}");
    assertThat(owned(after, "a"))
        .as("an empty object is declared, too")
        .isEqualTo("{\"f:spec\":{}}");
  }

  @Test
  void anotherValueOfAnOwnedFieldIsAConflict() {
    ObjectNode live = apply(null, "a", "{\"size\":1,\"tags\":[\"t\"]}");

    assertThat(outcome(live, "b", false, "{\"size\":2,\"tags\":[\"u\"]}"))
        .isEqualTo(new Outcome.Refused(List.of(new Conflict(applier("a"), TIME, ".spec.size"))));
  }

  @Test
  void forceTakesTheFieldOver() {
    ObjectNode live = apply(null, "a", "{\"size\":1,\"plain\":[\"x\"]}");

    ObjectNode after = ((Outcome.Applied) outcome(live, "b", true, "{\"size\":2}")).object();
    assertThat(spec(after)).isEqualTo("{\"size\":2,\"plain\":[\"x\"]}");
    assertThat(owned(after, "a")).isEqualTo("{\"f:spec\":{\"f:plain\":{}}}");
    assertThat(owned(after, "b")).isEqualTo("{\"f:spec\":{\"f:size\":{}}}");
  }

  @Test
  void itemsOfListsWithKeysAreMergedAndRemovedOneByOne() {
    ObjectNode live =
        apply(null, "a", "{\"ports\":[{\"name\":\"p\",\"port\":1},{\"name\":\"q\",\"port\":2}]}");
    live =
        apply(
            live,
            "b",
            "{\"ports\":[{\"name\":\"r\",\"port\":3},{\"name\":\"q\",\"note\":\"mine\"}]}");
    assertThat(live.path("spec").path("ports")).hasSize(3);

    ObjectNode after = apply(live, "a", "{\"ports\":[{\"name\":\"p\",\"port\":1}]}");
    assertThat(Json.strings(after, "spec", "ports").size()).isEqualTo(3);
    assertThat(spec(after)).contains("{\"name\":\"q\",\"note\":\"mine\"}").contains("\"r\"");
  }

  @Test
  void atomicListsAndMapsAreReplacedAsAWhole() {
    ObjectNode live = apply(null, "a", "{\"plain\":[\"x\",\"y\"],\"whole\":{\"q\":\"r\"}}");

    assertThat(spec(apply(live, "a", "{\"plain\":[\"z\"],\"whole\":{\"s\":\"t\"}}")))
        .isEqualTo("{\"plain\":[\"z\"],\"whole\":{\"s\":\"t\"}}");
    assertThat(outcome(live, "b", false, "{\"whole\":{\"s\":\"t\"}}"))
        .isInstanceOf(Outcome.Refused.class);
  }

  @Test
  void anUpdateTakesTheFieldsThatItChanges() {
    ObjectNode live =
        update(
            apply(null, "a", "{\"size\":1,\"plain\":[\"x\"]}"),
            "u",
            "{\"size\":5,\"plain\":[\"x\"]}");

    assertThat(owned(live, "a")).isEqualTo("{\"f:spec\":{\"f:plain\":{}}}");
    assertThat(owned(live, "u")).isEqualTo("{\"f:spec\":{\"f:size\":{}}}");
    assertThat(outcome(live, "a", false, "{\"size\":1,\"plain\":[\"x\"]}"))
        .isInstanceOf(Outcome.Refused.class);
  }

  @Test
  void anUpdateThatRemovesAFieldEndsItsOwnership() {
    ObjectNode live =
        update(apply(null, "a", "{\"size\":1,\"plain\":[\"x\"]}"), "u", "{\"plain\":[\"x\"]}");

    assertThat(owned(live, "a")).isEqualTo("{\"f:spec\":{\"f:plain\":{}}}");
    assertThat(owned(live, "u")).isEmpty();
  }
}
