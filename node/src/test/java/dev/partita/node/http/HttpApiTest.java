package dev.partita.node.http;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.nullValue;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.restassured.response.Response;
import io.restassured.response.ValidatableResponse;
import io.restassured.specification.RequestSpecification;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The HTTP API against a real single node.
@QuarkusTest
@QuarkusTestResource(FreshDirectory.class)
class HttpApiTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String THINGS = "/v1/collections/things/documents";

  private static boolean created;

  /// The three calls of the article; the server is up only when the first test runs.
  @org.junit.jupiter.api.BeforeEach
  void createPartitionAndIndex() {
    if (created) {
      return;
    }
    created = true;
    json("{\"name\":\"my_partition\",\"collection\":\"things\",\"range_start\":-1000,\"range_end\":1000}")
        .post("/v1/partitions")
        .then()
        .statusCode(201)
        .header("Location", containsString("/v1/partitions/my-partition-"))
        .body("collection", equalTo("things"))
        .body("range.start", equalTo(-1000))
        .body("state", equalTo("Active"));
    json("{\"name\":\"my_index\",\"collection\":\"things\",\"terms\":[\"color\"],\"values\":[\"size\"]}")
        .post("/v1/indexes")
        .then()
        .statusCode(201)
        .body("state", equalTo("Ready"));
  }

  @Test
  void aDocumentIsWrittenReadAndDeleted() {
    json("{\"color\":\"red\",\"size\":12}")
        .put(THINGS + "/150")
        .then()
        .statusCode(201)
        .body("id", equalTo(150))
        .body("version", notNullValue());
    given()
        .get(THINGS + "/150")
        .then()
        .statusCode(200)
        .contentType("application/json")
        .header("ETag", notNullValue())
        .body(equalTo("{\"id\":150,\"color\":\"red\",\"size\":12}"));
    given().delete(THINGS + "/150").then().statusCode(204);
    problem(given().get(THINGS + "/150"), 404, "NOT_FOUND");
    problem(given().delete(THINGS + "/150"), 404, "NOT_FOUND");
  }

  @Test
  void writesAreConditionalOnTheVersion() {
    String first = json("{\"n\":1}").put(THINGS + "/20").header("ETag");
    json("{\"n\":2}").header("If-Match", first).put(THINGS + "/20").then().statusCode(200);
    problem(
        json("{\"n\":3}").header("If-Match", first).put(THINGS + "/20"), 412, "VERSION_CONFLICT");
    problem(
        json("{\"n\":3}").header("If-None-Match", "*").put(THINGS + "/20"),
        412,
        "VERSION_CONFLICT");
    problem(given().header("If-Match", first).delete(THINGS + "/20"), 412, "VERSION_CONFLICT");
    problem(json("{}").header("If-Match", "x").put(THINGS + "/20"), 400, "INVALID_REQUEST");
    given().get(THINGS + "/20").then().body("n", equalTo(2));
  }

  @Test
  void aTransactionHappensWholeOnceOrNotAtAll() {
    String transaction =
        "{\"client\":\"till\",\"sequence\":1,\"reads\":[{\"collection\":\"things\",\"id\":300}],"
            + "\"conditions\":[{\"collection\":\"things\",\"id\":301,\"exists\":false}],"
            + "\"writes\":[{\"collection\":\"things\",\"document\":{\"id\":300,\"n\":1.50},\"exists\":false},"
            + "{\"collection\":\"things\",\"document\":{\"id\":301}}]}";
    String timestamp =
        json(transaction)
            .post("/v1/transactions")
            .then()
            .statusCode(200)
            .body("repeated", equalTo(false))
            .body("reads[0].document", nullValue())
            .extract()
            .path("timestamp");
    given()
        .get(THINGS + "/300")
        .then()
        .header("ETag", equalTo("\"" + timestamp + "\""))
        .body(equalTo("{\"id\":300,\"n\":1.50}"));
    json(transaction)
        .post("/v1/transactions")
        .then()
        .statusCode(200)
        .body("repeated", equalTo(true))
        .body("timestamp", equalTo(timestamp))
        .body("reads[0].document", nullValue());
    problem(
        json(transaction.replace("\"sequence\":1", "\"sequence\":2")).post("/v1/transactions"),
        412,
        "CONDITION_FAILED");
    json("{\"reads\":[{\"collection\":\"things\",\"id\":300}]}")
        .post("/v1/transactions")
        .then()
        .statusCode(200)
        .body("reads[0].version", equalTo(timestamp))
        .body("reads[0].document.id", equalTo(300));
    problem(json("{}").post("/v1/transactions"), 400, "INVALID_REQUEST");
    problem(
        json("{\"writes\":[{\"collection\":\"things\",\"delete\":1000}]}").post("/v1/transactions"),
        422,
        "NO_PARTITION");
  }

  @Test
  void aTransactionTakesStatementsOneByOne() {
    json("{\"n\":1}").put(THINGS + "/310").then().statusCode(201);
    String id =
        given()
            .contentType("application/json")
            .post("/v1/transactions/begin")
            .then()
            .statusCode(200)
            .body("readOnly", equalTo(false))
            .extract()
            .path("id");
    String at = "/v1/transactions/" + id;
    json("{\"collection\":\"things\",\"id\":310}")
        .post(at + "/read")
        .then()
        .statusCode(200)
        .body("document.n", equalTo(1));
    json("{\"collection\":\"things\",\"id\":310}")
        .post(at + "/lock")
        .then()
        .statusCode(200)
        .body("document.n", equalTo(1));
    json("{\"collection\":\"things\",\"document\":{\"id\":311},\"exists\":false}")
        .post(at + "/write")
        .then()
        .statusCode(200);
    json("{\"collection\":\"things\",\"start\":310,\"end\":312}")
        .post(at + "/query")
        .then()
        .statusCode(200)
        .body("data.document.id", equalTo(List.of(310, 311)))
        .body("more", equalTo(false));
    problem(given().get(THINGS + "/311"), 404, "NOT_FOUND");
    String timestamp =
        given().contentType("application/json").post(at + "/commit").path("timestamp");
    given().get(THINGS + "/311").then().header("ETag", equalTo("\"" + timestamp + "\""));
    problem(json("{\"collection\":\"things\",\"id\":310}").post(at + "/read"), 409, "REFUSED");
    problem(json("{}").post("/v1/transactions/1-00/commit"), 404, "UNKNOWN_TRANSACTION");
  }

  @Test
  void pastVersionsCanBeRead() {
    String before = json("{\"n\":1}").put(THINGS + "/21").jsonPath().getString("version");
    json("{\"n\":2}").put(THINGS + "/21").then().statusCode(200);

    given()
        .queryParam("at", before)
        .get(THINGS + "/21")
        .then()
        .statusCode(200)
        .body("n", equalTo(1));
    problem(
        given().queryParam("at", Long.MAX_VALUE).get(THINGS + "/21"), 400, "TIMESTAMP_IN_FUTURE");
    problem(given().queryParam("at", "yesterday").get(THINGS + "/21"), 400, "INVALID_REQUEST");
    for (String staleness : List.of("0", "soon", "86401")) {
      problem(
          given().queryParam("maxStaleness", staleness).get(THINGS + "/21"),
          400,
          "INVALID_REQUEST");
    }
    problem(
        given().queryParam("maxStaleness", 5).queryParam("at", before).get(THINGS + "/21"),
        400,
        "INVALID_REQUEST");
    // This node leads: it need not be old.
    given()
        .queryParam("maxStaleness", 5)
        .get(THINGS + "/21")
        .then()
        .statusCode(200)
        .header("Partita-Read-At", nullValue());
  }

  @Test
  void aKeyThatNoPartitionCoversIsRefusedByName() {
    problem(json("{}").put(THINGS + "/1000"), 422, "NO_PARTITION")
        .body("sqlState", equalTo("23514"))
        .body("collection", equalTo("things"))
        .body("key", equalTo("1000"));
    problem(json("{}").put("/v1/collections/nowhere/documents/1"), 422, "NO_PARTITION");
  }

  @Test
  void postCreatesAndRefusesToReplace() {
    json("{\"id\":30}")
        .post(THINGS)
        .then()
        .statusCode(201)
        .header("Location", containsString(THINGS + "/30"));
    problem(json("{\"id\":30}").post(THINGS), 412, "VERSION_CONFLICT");
    json("{\"id\":30,\"n\":1}").post(THINGS + "?onConflict=replace").then().statusCode(200);
    problem(json("{\"n\":1}").post(THINGS), 400, "INVALID_KEY");
    problem(json("{\"id\":30}").post(THINGS + "?onConflict=maybe"), 400, "INVALID_REQUEST");
  }

  @Test
  void aBatchAnswersForEachDocument() {
    json("[{\"id\":40}]").post(THINGS).then().statusCode(200);
    json("[{\"id\":40},{\"id\":41}]")
        .post(THINGS)
        .then()
        .statusCode(207)
        .body("results", hasSize(2))
        .body("results[0].id", equalTo(40))
        .body("results[0].error.code", equalTo("VERSION_CONFLICT"))
        .body("results[1].version", notNullValue());
  }

  @Test
  void aBatchThatNamesAKeyTwiceIsRefusedWhole() {
    problem(json("[{\"id\":45},{\"id\":45,\"n\":1}]").post(THINGS), 400, "INVALID_REQUEST");
    problem(given().get(THINGS + "/45"), 404, "NOT_FOUND");
  }

  @Test
  void anAtomicBatchIsAllOrNothing() {
    json("[{\"id\":50}]").post(THINGS).then().statusCode(200);
    json("[{\"id\":51},{\"id\":50}]").post(THINGS + "?atomic=true").then().statusCode(412);
    problem(given().get(THINGS + "/51"), 404, "NOT_FOUND");
    json("[{\"id\":51},{\"id\":52}]").post(THINGS + "?atomic=true").then().statusCode(200);
  }

  @Test
  void pagesOfARangeGiveEachDocumentOnceInBothDirections() {
    List<String> documents =
        IntStream.range(-60, -20).mapToObj(id -> "{\"id\":" + id + "}").toList();
    json("[" + String.join(",", documents) + "]").post(THINGS).then().statusCode(200);
    List<Integer> ascending = IntStream.range(-60, -20).boxed().toList();

    for (int limit : List.of(1, 7, 40, 64)) {
      assertThat(ids(Map.of("start", -60, "end", -20, "limit", limit))).isEqualTo(ascending);
      assertThat(ids(Map.of("start", -60, "end", -20, "limit", limit, "order", "desc")))
          .isEqualTo(ascending.reversed());
    }
  }

  @Test
  void anIndexAnswersWithItsValuesInOrder() {
    json("[{\"id\":60,\"color\":\"teal\",\"size\":3},{\"id\":61,\"color\":\"teal\",\"size\":-1},"
            + "{\"id\":62,\"color\":\"teal\"},{\"id\":63,\"color\":\"plum\",\"size\":0}]")
        .post(THINGS)
        .then()
        .statusCode(200);
    json("{\"index\":\"my_index\",\"partition\":\"my_partition\",\"terms\":[\"teal\"],\"limit\":64}")
        .post("/v1/query")
        .then()
        .statusCode(200)
        .body("data.id", equalTo(List.of(62, 61, 60)))
        .body("data.size", equalTo(java.util.Arrays.asList(null, -1, 3)))
        .body("after", nullValue());
    json("{\"index\":\"my_index\",\"terms\":[\"teal\"],\"limit\":2,\"order\":\"desc\",\"documents\":true}")
        .post("/v1/query")
        .then()
        .body("data.id", equalTo(List.of(60, 61)))
        .body("data[0].document.color", equalTo("teal"))
        .body("after", notNullValue());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          404 | UNKNOWN_INDEX     | {"index":"none","terms":["a"]}
          404 | UNKNOWN_PARTITION | {"index":"my_index","partition":"none","terms":["a"]}
          400 | INVALID_REQUEST   | {"index":"my_index","terms":[{}]}
          400 | INVALID_REQUEST   | {"index":"my_index","terms":["a"],"limit":0}
          400 | INVALID_REQUEST   | {"index":"my_index","terms":["a"],"limitt":1}
          400 | INVALID_REQUEST   | {"terms":["a"]}
          400 | INVALID_CURSOR    | {"index":"my_index","terms":["a"],"after":"AAAA"}
          """)
  void badQueriesAreRefused(int status, String code, String body) {
    problem(json(body).post("/v1/query"), status, code);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          409 | OVERLAP            | {"name":"other","collection":"things","range_start":999,"range_end":2000}
          400 | INVALID_DEFINITION | {"name":"other","collection":"empty","range_start":5,"range_end":5}
          400 | INVALID_DEFINITION | {"name":"other","collection":"empty"}
          400 | INVALID_DEFINITION | {"name":"other","collection":"empty","range_start":1,"hash":{"modulus":2,"remainder":0}}
          400 | INVALID_DEFINITION | {"name":"other","collection":"empty","hash":{"modulus":2,"remainder":2}}
          400 | INVALID_REQUEST    | {"collection":"empty","range_start":5}
          """)
  void badPartitionsAreRefused(int status, String code, String body) {
    problem(json(body).post("/v1/partitions"), status, code);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          INVALID_REQUEST    | replicas              | "replicas":0
          INVALID_REQUEST    | replicas              | "replicas":"3"
          INVALID_DEFINITION | replicas              | "replicas":2
          INVALID_DEFINITION | replicas              | "replicas":3
          INVALID_REQUEST    | placement[0]          | "placement":["default"]
          INVALID_DEFINITION | placement[0].replicas | "placement":[{"site":"default"}]
          INVALID_DEFINITION | placement[0].site     | "placement":[{"site":"mars"}]
          INVALID_REQUEST    | placement[0].replicas | "placement":[{"site":"default","replicas":0}]
          INVALID_REQUEST    | placement[0].site     | "placement":[{"replicas":1}]
          INVALID_REQUEST    | placement[0].node     | "placement":[{"site":"default","replicas":1,"node":"a"}]
          INVALID_DEFINITION | placement[0].site     | "placement":[{"site":"mars","replicas":1}]
          INVALID_DEFINITION | placement[1].site     | "placement":[{"site":"default","replicas":1},{"site":"default","replicas":1}]
          INVALID_DEFINITION | placement[0].replicas | "replicas":3,"placement":[{"site":"default","replicas":3}]
          INVALID_REQUEST    | placement[0].siteSelector | "placement":[{"site":"default","siteSelector":{}}]
          INVALID_DEFINITION | placement[0].siteSelector | "replicas":1,"placement":[{"siteSelector":{},"replicas":1}]
          INVALID_DEFINITION | survive               | "replicas":1,"survive":"Zone"
          INVALID_DEFINITION | leader                | "replicas":1,"leader":{"region":"a"}
          INVALID_DEFINITION | residency             | "replicas":1,"residency":[{"region":"a"}]
          INVALID_DEFINITION | split                 | "replicas":1,"split":{"maxSize":"1Gi"}
          INVALID_REQUEST    | paused                | "replicas":1,"paused":"yes"
          INVALID_REQUEST    | survives              | "replicas":1,"survives":"Zone"
          """)
  void whatIsWrongWithReplicasAndPlacementIsNamed(String code, String member, String members) {
    problem(
            json("{\"name\":\"other\",\"collection\":\"empty\",\"range\":{}," + members + "}")
                .post("/v1/partitions"),
            400,
            code)
        .body("member", equalTo(member));
  }

  @Test
  void aPartitionIsPlacedAsAskedForAndTellsItsLeaderByName() {
    String nodeId = given().get("/admin/v1/node").jsonPath().getString("nodeId");
    json("{\"name\":\"placed\",\"collection\":\"placed\",\"range\":{},\"replicas\":1,"
            + "\"placement\":[{\"site\":\"default\",\"replicas\":1}]}")
        .post("/v1/partitions")
        .then()
        .statusCode(201);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            given()
                .get("/v1/partitions/placed")
                .then()
                .statusCode(200)
                .body("leader", equalTo("node"))
                .body("leaderNodeId", equalTo(nodeId)));
  }

  @Test
  void hashPartitionsTakeEveryKeyAndDeletedOnesAreGone() {
    for (int remainder = 0; remainder < 3; remainder++) {
      json("{\"name\":\"h%d\",\"collection\":\"hashed\",\"hash\":{\"modulus\":3,\"remainder\":%d}}"
              .formatted(remainder, remainder))
          .post("/v1/partitions")
          .then()
          .statusCode(201);
    }
    List<String> keys = List.of("a", "b", "\u00e4", "\ud83d\ude00", "", "150");
    for (String key : keys) {
      String id = "\"" + key + "\"";
      json("{\"id\":" + id + "}").post("/v1/collections/hashed/documents").then().statusCode(201);
      given()
          .get("/v1/collections/hashed/documents/{key}", id)
          .then()
          .statusCode(200)
          .body("id", equalTo(key));
    }
    given()
        .get("/v1/collections/hashed/documents")
        .then()
        .body("data.id", equalTo(List.of("", "150", "a", "b", "\u00e4", "\ud83d\ude00")));
    given().delete("/v1/partitions/h0").then().statusCode(204);
    problem(given().get("/v1/partitions/h0"), 404, "UNKNOWN_PARTITION");
  }

  @Test
  void partitionsAndIndexesAreListed() {
    given().get("/v1/partitions").then().statusCode(200).body("data.collection", hasItem("things"));
    given().get("/v1/partitions/my_partition").then().statusCode(200).body("replicas", equalTo(1));
    given().get("/v1/indexes/my_index").then().statusCode(200).body("progress", equalTo(100));
    problem(given().get("/v1/indexes/none"), 404, "UNKNOWN_INDEX");
  }

  @Test
  void bodiesOverTheLimitAreRefusedAndTheNodeGoesOn() {
    problem(json("{\"a\":\"" + "x".repeat(2 << 20) + "\"}").put(THINGS + "/70"), 413, "TOO_LARGE");
    problem(json("{\"a\":").put(THINGS + "/70"), 400, "INVALID_DOCUMENT");
    problem(json("[1]").put(THINGS + "/70"), 400, "INVALID_DOCUMENT");
    json("{}").put(THINGS + "/70").then().statusCode(201);
  }

  @Test
  void unknownPathsMethodsAndMediaTypesAreProblems() {
    problem(given().get("/v1/nothing"), 404, "INVALID_REQUEST");
    problem(given().delete("/v1/query"), 405, "INVALID_REQUEST");
    problem(given().contentType("text/plain").body("x").post("/v1/query"), 415, "INVALID_REQUEST");
  }

  @Test
  void theInterfaceDescribesItself() {
    Response openApi = given().header("Accept", "application/json").get("/openapi");
    openApi.then().statusCode(200);
    assertThat(openApi.jsonPath().getMap("paths").keySet().stream().map(Object::toString).toList())
        .contains(
            "/v1/partitions",
            "/v1/indexes",
            "/v1/query",
            "/v1/collections/{collection}/documents",
            "/v1/collections/{collection}/documents/{key}",
            "/admin/v1/state");
  }

  @Test
  void healthAndMetricsAnswer() {
    given().get("/health/live").then().statusCode(200);
    given().get("/health/ready").then().statusCode(200);
    given().get("/metrics").then().statusCode(200).body(containsString("partita_node_info"));
  }

  @Test
  void theAdministrationTellsTheState() {
    given()
        .get("/admin/v1/state")
        .then()
        .statusCode(200)
        .body("nodes", hasSize(1))
        .body("nodes[0].state", equalTo("Active"))
        .body("partitions.collection", hasItems("things"))
        .body("operations", hasSize(0));
    given().get("/admin/v1/node").then().statusCode(200).body("registered", equalTo(true));
  }

  @Test
  void aRequestForAnotherClusterIsRefused() {
    String cluster = given().get("/admin/v1/node").jsonPath().getString("clusterId");
    given().header("Partita-Cluster", cluster).get("/admin/v1/state").then().statusCode(200);
    for (String path : List.of("/admin/v1/state", "/admin/v1/node")) {
      problem(given().header("Partita-Cluster", "another").get(path), 421, "WRONG_CLUSTER");
    }
    problem(
        given().header("Partita-Cluster", "another").delete("/admin/v1/partitions/my_partition"),
        421,
        "WRONG_CLUSTER");
    given().get("/v1/partitions/my_partition").then().statusCode(200);
  }

  private static List<Integer> ids(Map<String, ?> parameters) {
    List<Integer> ids = new ArrayList<>();
    String after = null;
    do {
      RequestSpecification request = given().queryParams(parameters);
      if (after != null) {
        request.queryParam("after", after);
      }
      Response page = request.get(THINGS);
      page.then().statusCode(200);
      ids.addAll(page.jsonPath().getList("data.id", Integer.class));
      after = page.jsonPath().getString("after");
    } while (after != null);
    return ids;
  }

  private static RequestSpecification json(String body) {
    return given().contentType("application/json").body(body);
  }

  private static ValidatableResponse problem(Response response, int status, String code) {
    return response
        .then()
        .statusCode(status)
        .contentType(Problem.MEDIA_TYPE)
        .body("status", equalTo(status))
        .body("code", equalTo(code))
        .body("title", notNullValue());
  }

  @BeforeAll
  static void forgetEarlierServer() {
    created = false;
  }

  @Test
  void settingsOfTheDatabase() {
    given().get("/v1/settings").then().statusCode(200).body("commitProtocol", equalTo("2pc"));
    json("{\"commitProtocol\":\"4pc\"}")
        .put("/v1/settings")
        .then()
        .statusCode(400)
        .body("wanted", equalTo("2pc or 3pc"));
    json("{\"protocol\":\"3pc\"}")
        .put("/v1/settings")
        .then()
        .statusCode(400)
        .body("member", equalTo("protocol"));
    for (String protocol : List.of("3pc", "2pc")) {
      json("{\"commitProtocol\":\"" + protocol + "\"}")
          .put("/v1/settings")
          .then()
          .statusCode(200)
          .body("commitProtocol", equalTo(protocol));
      given().get("/v1/settings").then().body("commitProtocol", equalTo(protocol));
    }
  }
}
