package dev.partita.local.patch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.schema.BuiltInSchemas;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PatchesTest {
  private static JsonNode tree(String json) throws Json.MalformedException {
    return Json.parse(json.getBytes(StandardCharsets.UTF_8));
  }

  private static ObjectNode object(String json) throws Json.MalformedException {
    return (ObjectNode) tree(json);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":1}           | [{\"op\":\"add\",\"path\":\"/b\",\"value\":2}]                   | {\"a\":1,\"b\":2}",
        "{\"a\":[1,3]}       | [{\"op\":\"add\",\"path\":\"/a/1\",\"value\":2}]                 | {\"a\":[1,2,3]}",
        "{\"a\":[1]}         | [{\"op\":\"add\",\"path\":\"/a/-\",\"value\":2}]                 | {\"a\":[1,2]}",
        "{\"a\":[1,2]}       | [{\"op\":\"remove\",\"path\":\"/a/0\"}]                          | {\"a\":[2]}",
        "{\"a\":1}           | [{\"op\":\"replace\",\"path\":\"/a\",\"value\":null}]            | {\"a\":null}",
        "{\"a\":{\"b\":1}}   | [{\"op\":\"move\",\"from\":\"/a/b\",\"path\":\"/c\"}]            | {\"a\":{},\"c\":1}",
        "{\"a\":{\"b\":1}}   | [{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/c\"}]              | {\"a\":{\"b\":1},\"c\":{\"b\":1}}",
        "{\"x/y\":1,\"~\":2} | [{\"op\":\"remove\",\"path\":\"/x~1y\"},{\"op\":\"remove\",\"path\":\"/~0\"}] | {}",
        "{\"a\":1}           | [{\"op\":\"test\",\"path\":\"/a\",\"value\":1}]                  | {\"a\":1}",
      })
  void jsonPatchChangesPlaces(String target, String patch, String expected) throws Exception {
    assertThat(JsonPatch.apply(tree(target), tree(patch))).isEqualTo(tree(expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}] | false",
        "[{\"op\":\"remove\",\"path\":\"/b\"}]           | false",
        "[{\"op\":\"replace\",\"path\":\"/b\",\"value\":1}] | false",
        "[{\"op\":\"add\",\"path\":\"/b/c\",\"value\":1}] | false",
        "[{\"op\":\"add\",\"path\":\"b\",\"value\":1}]   | true",
        "[{\"op\":\"add\",\"path\":\"/b\"}]              | true",
        "[{\"op\":\"grow\",\"path\":\"/b\"}]             | true",
        "{}                                              | true",
      })
  void jsonPatchIsRefused(String patch, boolean malformed) throws Exception {
    JsonNode parsed = tree(patch);
    assertThatThrownBy(() -> JsonPatch.apply(tree("{\"a\":1}"), parsed))
        .isInstanceOfSatisfying(
            PatchException.class, e -> assertThat(e.malformed()).isEqualTo(malformed));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":\"b\"}           | {\"a\":\"c\"}             | {\"a\":\"c\"}",
        "{\"a\":\"b\",\"c\":1}   | {\"a\":null}              | {\"c\":1}",
        "{\"a\":[1,2]}           | {\"a\":[3]}               | {\"a\":[3]}",
        "{\"a\":{\"b\":1}}       | {\"a\":{\"c\":2}}         | {\"a\":{\"b\":1,\"c\":2}}",
        "{\"a\":1}               | {\"a\":{\"b\":{\"c\":null}}} | {\"a\":{\"b\":{}}}",
      })
  void mergePatchMerges(String target, String patch, String expected) throws Exception {
    ObjectNode before = object(target);
    assertThat(MergePatch.apply(before, object(patch))).isEqualTo(tree(expected));
    assertThat(before).isEqualTo(tree(target));
  }

  private static final String POD = "io.k8s.api.core.v1.Pod";
  private static final String TWO =
      "{\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"1\"},{\"name\":\"b\",\"image\":\"1\"}]}}";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"spec\":{\"containers\":[{\"name\":\"b\",\"image\":\"2\"}]}} | {\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"1\"},{\"name\":\"b\",\"image\":\"2\"}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"c\"}]}} | {\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"1\"},{\"name\":\"b\",\"image\":\"1\"},{\"name\":\"c\"}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"a\",\"$patch\":\"delete\"}]}} | {\"spec\":{\"containers\":[{\"name\":\"b\",\"image\":\"1\"}]}}",
        "{\"spec\":{\"containers\":[{\"name\":\"z\"},{\"$patch\":\"replace\"}]}} | {\"spec\":{\"containers\":[{\"name\":\"z\"}]}}",
        "{\"spec\":{\"$setElementOrder/containers\":[{\"name\":\"b\"},{\"name\":\"a\"}],\"containers\":[]}} | {\"spec\":{\"containers\":[{\"name\":\"b\",\"image\":\"1\"},{\"name\":\"a\",\"image\":\"1\"}]}}",
        "{\"spec\":{\"nodeSelector\":{\"x\":\"y\"},\"containers\":null}} | {\"spec\":{\"nodeSelector\":{\"x\":\"y\"}}}",
        "{\"metadata\":{\"finalizers\":[\"f\"]}} | {\"metadata\":{\"finalizers\":[\"f\"]},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"1\"},{\"name\":\"b\",\"image\":\"1\"}]}}",
        "{\"$patch\":\"replace\",\"spec\":{\"hostname\":\"h\"}} | {\"spec\":{\"hostname\":\"h\"}}",
      })
  void strategicMergeKnowsMergeKeys(String patch, String expected) throws Exception {
    ObjectNode result =
        StrategicMergePatch.apply(BuiltInSchemas.named(POD), object(TWO), object(patch));
    assertThat(result).isEqualTo(tree(expected));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"metadata\":{\"finalizers\":[\"b\",\"c\"]}} | [\"a\",\"b\",\"c\"]",
        "{\"metadata\":{\"$deleteFromPrimitiveList/finalizers\":[\"a\"]}} | [\"b\"]",
        "{\"metadata\":{\"$setElementOrder/finalizers\":[\"b\",\"a\"]}} | [\"b\",\"a\"]",
      })
  void strategicMergeUnitesScalars(String patch, String expected) throws Exception {
    ObjectNode target = object("{\"metadata\":{\"finalizers\":[\"a\",\"b\"]}}");
    ObjectNode result = StrategicMergePatch.apply(BuiltInSchemas.named(POD), target, object(patch));
    assertThat(result.path("metadata").path("finalizers")).isEqualTo(tree(expected));
  }
}
