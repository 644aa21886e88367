package dev.partita.node.http;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Columns through HTTP: of a collection that is divided by them, and of one that is not.
@QuarkusTest
@QuarkusTestResource(FreshDirectory.class)
class ColumnsHttpTest {
  private static final String DIVIDED = "/v1/collections/wide/documents";
  private static final String WHOLE = "/v1/collections/narrow/documents";

  private static boolean created;

  @BeforeAll
  static void forgetEarlierServer() {
    created = false;
  }

  @BeforeEach
  void createPartitions() {
    if (created) {
      return;
    }
    created = true;
    json("{\"name\":\"wide_profile\",\"collection\":\"wide\",\"columns\":[\"name\",\"email\"]}")
        .post("/v1/partitions")
        .then()
        .statusCode(201)
        .body("columns", equalTo(List.of("name", "email")))
        .body("state", equalTo("Active"));
    json("{\"name\":\"wide_login\",\"collection\":\"wide\",\"columns\":[\"seen\"]}")
        .post("/v1/partitions")
        .then()
        .statusCode(201);
    json("{\"name\":\"narrow_all\",\"collection\":\"narrow\",\"range_start\":0,\"range_end\":1000}")
        .post("/v1/partitions")
        .then()
        .statusCode(201);
    json("{\"name\":\"wide_names\",\"collection\":\"wide\",\"terms\":[\"name\"],\"values\":[\"email\"]}")
        .post("/v1/indexes")
        .then()
        .statusCode(201)
        .body("state", equalTo("Ready"));
  }

  private static RequestSpecification json(String body) {
    return given().contentType("application/json").body(body);
  }

  private static void refused(Response response, int status, String code, String text) {
    response.then().statusCode(status).body("code", equalTo(code)).body(containsString(text));
  }

  private static void reads(String path, String document) {
    given().get(path).then().statusCode(200).body(equalTo(document));
  }

  @Test
  void aDocumentIsOneWhateverItsGroups() {
    json("{\"seen\":7,\"name\":\"Ada\",\"email\":\"a@b\"}")
        .put(DIVIDED + "/1")
        .then()
        .statusCode(201);
    reads(DIVIDED + "/1", "{\"id\":1,\"name\":\"Ada\",\"email\":\"a@b\",\"seen\":7}");
    json("{\"seen\":8}").put(DIVIDED + "/1").then().statusCode(200);
    reads(DIVIDED + "/1", "{\"id\":1,\"seen\":8}");
    given().get(DIVIDED + "/1?columns=name").then().statusCode(404);
    given().delete(DIVIDED + "/1").then().statusCode(204);
    given().get(DIVIDED + "/1").then().statusCode(404);
    given().delete(DIVIDED + "/1").then().statusCode(404);
    json("{}").put(DIVIDED + "/1").then().statusCode(201);
    reads(DIVIDED + "/1", "{\"id\":1}");
    given().delete(DIVIDED + "/1").then().statusCode(204);
  }

  @ParameterizedTest
  @ValueSource(strings = {DIVIDED, WHOLE})
  void columnsAreReadAndWrittenByThemselves(String documents) {
    String path = documents + "/2";
    json("{\"name\":\"Bob\",\"email\":\"b@c\",\"seen\":1}").put(path).then().statusCode(201);
    reads(path + "?columns=seen,name", "{\"id\":2,\"name\":\"Bob\",\"seen\":1}");
    reads(path + "?columns=id", "{\"id\":2}");
    // A whole group, a part of one, and several.
    json("{\"seen\":2}").put(path + "?columns=seen").then().statusCode(200);
    json("{\"id\":2,\"email\":null}").put(path + "?columns=email").then().statusCode(200);
    reads(path, "{\"id\":2,\"name\":\"Bob\",\"email\":null,\"seen\":2}");
    json("{\"seen\":3}").put(path + "?columns=seen,email").then().statusCode(200);
    reads(path, "{\"id\":2,\"name\":\"Bob\",\"seen\":3}");
    // What loses its last columns stays.
    json("{}").put(path + "?columns=seen,email,name").then().statusCode(200);
    reads(path, "{\"id\":2}");
    refused(
        json("{\"seen\":1,\"name\":\"x\"}").put(path + "?columns=seen"),
        400,
        "INVALID_REQUEST",
        "name");
    refused(json("{}").put(path + "?columns=id"), 400, "INVALID_REQUEST", "key");
    refused(json("{}").put(path + "?columns=a,,b"), 400, "INVALID_REQUEST", "columns");
    refused(given().get(path + "?columns=,"), 400, "INVALID_REQUEST", "columns");
    given().delete(path).then().statusCode(204);
    json("{\"seen\":9}").put(path + "?columns=seen").then().statusCode(201);
    reads(path, "{\"id\":2,\"seen\":9}");
    given().delete(path).then().statusCode(204);
  }

  @ParameterizedTest
  @ValueSource(strings = {DIVIDED, WHOLE})
  void writesAreConditionalOnWhatTheyTouch(String documents) {
    String path = documents + "/3";
    String first = json("{\"name\":\"C\"}").put(path).header("ETag");
    assertThat(given().get(path).header("ETag")).isEqualTo(first);
    json("{}").header("If-None-Match", "*").put(path).then().statusCode(412);
    json("{\"name\":\"D\"}")
        .header("If-Match", first)
        .put(path + "?columns=name")
        .then()
        .statusCode(200);
    json("{\"name\":\"E\"}")
        .header("If-Match", first)
        .put(path + "?columns=name")
        .then()
        .statusCode(412);
    json("{\"name\":\"E\"}").header("If-Match", first).put(path).then().statusCode(412);
    given().header("If-Match", first).delete(path).then().statusCode(412);
    String second = given().get(path).header("ETag");
    given().header("If-Match", second).delete(path).then().statusCode(204);
    json("{\"seen\":1}").header("If-None-Match", "*").put(path).then().statusCode(201);
    given().delete(path).then().statusCode(204);
  }

  /// Versions are those of the groups that are touched.
  @Test
  void aWriteOfAnotherGroupIsNoneOfThisOne() {
    String path = DIVIDED + "/4";
    json("{\"name\":\"F\",\"seen\":1}").put(path).then().statusCode(201);
    String name = given().get(path + "?columns=name").header("ETag");
    String whole = given().get(path).header("ETag");
    assertThat(name).isEqualTo(whole);
    json("{\"seen\":2}").put(path + "?columns=seen").then().statusCode(200);
    assertThat(given().get(path + "?columns=name").header("ETag")).isEqualTo(name);
    assertThat(given().get(path).header("ETag")).isNotEqualTo(whole);
    json("{}").header("If-Match", whole).put(path).then().statusCode(412);
    json("{\"name\":\"G\"}")
        .header("If-Match", name)
        .put(path + "?columns=name")
        .then()
        .statusCode(200);
    json("{\"seen\":3}")
        .header("If-None-Match", "*")
        .put(path + "?columns=seen")
        .then()
        .statusCode(412);
    given().delete(path).then().statusCode(204);
  }

  @Test
  void theStateAtATimestampIsOneOfAllGroups() {
    String path = DIVIDED + "/5";
    String tag = json("{\"name\":\"old\",\"seen\":1}").put(path).header("ETag");
    String at = tag.replace("\"", "");
    json("{\"seen\":2}").put(path + "?columns=seen").then().statusCode(200);
    json("{\"name\":\"new\"}").put(path + "?columns=name").then().statusCode(200);
    reads(path + "?at=" + at, "{\"id\":5,\"name\":\"old\",\"seen\":1}");
    reads(path + "?at=" + at + "&columns=seen", "{\"id\":5,\"seen\":1}");
    reads(path, "{\"id\":5,\"name\":\"new\",\"seen\":2}");
    given().delete(path).then().statusCode(204);
  }

  @Test
  void aColumnWithoutAPartitionIsNamed() {
    refused(json("{\"seen\":1,\"age\":2}").put(DIVIDED + "/6"), 422, "NO_PARTITION", "age");
    refused(json("{\"age\":2}").put(DIVIDED + "/6?columns=age"), 422, "NO_PARTITION", "age");
    refused(given().get(DIVIDED + "/6?columns=age"), 422, "NO_PARTITION", "age");
    refused(given().get(DIVIDED + "?columns=age"), 422, "NO_PARTITION", "age");
    refused(
        json("[{\"id\":6,\"seen\":1},{\"id\":7,\"age\":1}]").post(DIVIDED),
        422,
        "NO_PARTITION",
        "age");
    given().get(DIVIDED + "/6").then().statusCode(404);
  }

  @Test
  void badGroupsAndIndexesAreRefused() {
    refused(
        json("{\"name\":\"w2\",\"collection\":\"wide\",\"columns\":[\"more\",\"seen\"]}")
            .post("/v1/partitions"),
        409,
        "OVERLAP",
        "wide-login");
    refused(
        json("{\"name\":\"w2\",\"collection\":\"wide\",\"columns\":[\"id\"]}")
            .post("/v1/partitions"),
        400,
        "INVALID_DEFINITION",
        "id");
    refused(
        json("{\"name\":\"w2\",\"collection\":\"wide\",\"range_start\":1}").post("/v1/partitions"),
        400,
        "INVALID_DEFINITION",
        "one way");
    refused(
        json("{\"name\":\"w3\",\"collection\":\"wide\",\"terms\":[\"id\"]}").post("/v1/indexes"),
        400,
        "INVALID_DEFINITION",
        "id is none");
  }

  @Test
  void rangesAndIndexesBringWholeDocumentsOrColumns() {
    for (int key = 10; key < 25; key++) {
      String name = key % 3 == 0 ? "" : "\"name\":\"n\",\"email\":\"%d\"".formatted(key);
      String seen = key % 2 == 0 ? "" : "\"seen\":%d".formatted(key);
      String comma = name.isEmpty() || seen.isEmpty() ? "" : ",";
      json("{" + name + comma + seen + "}").put(DIVIDED + "/" + key).then().statusCode(201);
    }
    assertThat(ids("")).hasSize(15);
    assertThat(ids("&columns=email"))
        .containsExactly(10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 22, 23, 24);
    given()
        .get(DIVIDED + "?start=11&end=12&columns=seen")
        .then()
        .body("data", hasSize(1))
        .body("data[0].seen", equalTo(11))
        .body("data[0].name", nullValue());
    json("{\"index\":\"wide_names\",\"terms\":[\"n\"],\"documents\":true,\"limit\":100}")
        .post("/v1/query")
        .then()
        .body("data", hasSize(10))
        .body("data.find { it.id == 11 }.email", equalTo("11"))
        .body("data.find { it.id == 11 }.document.seen", equalTo(11))
        .body("data.find { it.id == 11 }.document.name", equalTo("n"));
    json("{\"index\":\"wide_names\",\"terms\":[\"n\"],\"documents\":true,\"columns\":[\"seen\"],\"limit\":100}")
        .post("/v1/query")
        .then()
        .body("data.find { it.id == 11 }.document.seen", equalTo(11))
        .body("data.find { it.id == 11 }.document.name", nullValue())
        .body("data.find { it.id == 10 }.document", nullValue());
    refused(
        json("{\"index\":\"wide_names\",\"columns\":[\"seen\"]}").post("/v1/query"),
        400,
        "INVALID_REQUEST",
        "columns");
  }

  private static List<Integer> ids(String more) {
    List<Integer> ids = new ArrayList<>();
    String after = "";
    do {
      Response page = given().get(DIVIDED + "?start=10&end=25&limit=4" + more + after);
      page.then().statusCode(200);
      ids.addAll(page.jsonPath().getList("data.id", Integer.class));
      String cursor = page.jsonPath().getString("after");
      after = cursor == null ? null : "&after=" + cursor;
    } while (after != null);
    return ids;
  }

  @Test
  void aBatchIsWrittenOverAllGroups() {
    json("[{\"id\":30,\"name\":\"x\",\"seen\":1},{\"id\":31,\"seen\":2}]")
        .post(DIVIDED + "?atomic=true")
        .then()
        .statusCode(200)
        .body("results", hasSize(2));
    json("[{\"id\":31,\"seen\":3},{\"id\":32,\"seen\":4}]")
        .post(DIVIDED)
        .then()
        .statusCode(207)
        .body("results[0].error.code", equalTo("VERSION_CONFLICT"))
        .body("results[1].id", equalTo(32));
    json("[{\"id\":33,\"seen\":3},{\"id\":31,\"seen\":4}]")
        .post(DIVIDED + "?atomic=true")
        .then()
        .statusCode(412);
    given().get(DIVIDED + "/33").then().statusCode(404);
    reads(DIVIDED + "/30", "{\"id\":30,\"name\":\"x\",\"seen\":1}");
    for (int key = 30; key < 33; key++) {
      given().delete(DIVIDED + "/" + key).then().statusCode(204);
    }
  }
}
