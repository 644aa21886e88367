package dev.partita.node.http;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.anyOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.not;

import dev.partita.node.security.BearerToken;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.restassured.RestAssured;
import io.restassured.response.Response;
import io.restassured.specification.RequestSpecification;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A node that asks who comes.
@QuarkusTest
@TestProfile(AuthenticationTest.Guarded.class)
class AuthenticationTest {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String SECRET_COLLECTION = "payroll";
  private static final String PASSWORD = "correct horse battery";

  /// An application of its own.
  public static final class Guarded implements QuarkusTestProfile {
    @Override
    public List<TestResourceEntry> testResources() {
      return List.of(new TestResourceEntry(GuardedDirectory.class));
    }
  }

  private final Queue<String> log = new ConcurrentLinkedQueue<>();
  private final Handler recorder =
      new Handler() {
        @Override
        public void publish(LogRecord line) {
          log.add(String.valueOf(line.getMessage()));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void begin() {
    Logger.getLogger("").addHandler(recorder);
    await()
        .atMost(PATIENCE)
        .until(() -> administrator().get("/v1/users").statusCode(), status -> status == 200);
    if (administrator().get("/v1/partitions").jsonPath().getList("data").isEmpty()) {
      body(administrator(), "{\"name\":\"payroll-all\",\"collection\":\"payroll\",\"range\":{}}")
          .post("/v1/partitions")
          .then()
          .statusCode(201);
      body(
              administrator(),
              "{\"name\":\"payroll-by-name\",\"collection\":\"payroll\",\"terms\":[\"name\"]}")
          .post("/v1/indexes")
          .then()
          .statusCode(201);
      body(administrator(), "{\"name\":\"notes-all\",\"collection\":\"notes\",\"range\":{}}")
          .post("/v1/partitions")
          .then()
          .statusCode(201);
      body(administrator(), "{\"name\":\"zoe\"}")
          .put("/v1/collections/payroll/documents/1")
          .then()
          .statusCode(201);
    }
  }

  @AfterEach
  void end() {
    Logger.getLogger("").removeHandler(recorder);
  }

  private static RequestSpecification administrator() {
    return as(GuardedDirectory.ADMINISTRATOR, GuardedDirectory.PASSWORD);
  }

  private static RequestSpecification as(String user, String password) {
    return given().auth().preemptive().basic(user, password);
  }

  private static RequestSpecification with(String token) {
    return given().header("Authorization", "Bearer " + token);
  }

  private static RequestSpecification body(RequestSpecification request, String json) {
    return request.contentType("application/json").body(json);
  }

  private static void user(String name, String grants) {
    body(administrator(), "{\"password\":\"" + PASSWORD + "\",\"grants\":[" + grants + "]}")
        .put("/v1/users/" + name)
        .then()
        .statusCode(not(equalTo(500)));
  }

  private static String token(String user) {
    return body(as(user, PASSWORD), "{\"description\":\"test\"}")
        .post("/v1/tokens")
        .then()
        .statusCode(201)
        .extract()
        .path("token");
  }

  @Test
  void withoutCredentialsEverythingIsRefusedButHealth() {
    given().get("/health/live").then().statusCode(200);
    for (String path : List.of("/metrics", "/openapi", "/v1/partitions", "/", "/nothing", "/q")) {
      given()
          .get(path)
          .then()
          .statusCode(401)
          .contentType("application/problem+json")
          .header("WWW-Authenticate", containsString("Bearer"))
          .body("code", equalTo("UNAUTHENTICATED"));
    }
    user("reader", "");
    with(token("reader")).get("/metrics").then().statusCode(200);
  }

  @Test
  void wrongCredentialsReadAllTheSame() {
    user("mallory", "");
    String token = token("mallory");
    List<Response> refusals =
        List.of(
            as("mallory", "wrong").get("/v1/partitions"),
            as("nobody-there", "wrong").get("/v1/partitions"),
            with(token.substring(0, token.length() - 1) + (token.endsWith("A") ? "E" : "A"))
                .get("/v1/partitions"),
            with("partita_0000000000000000_" + "A".repeat(43)).get("/v1/partitions"),
            with("rubbish").get("/v1/partitions"),
            given().header("Authorization", "Basic !!").get("/v1/partitions"),
            given().header("Authorization", "Negotiate x").get("/v1/partitions"));
    List<String> bodies = refusals.stream().map(Response::asString).distinct().toList();
    assertThat(refusals).extracting(Response::statusCode).containsOnly(401);
    assertThat(bodies).hasSize(1);
  }

  @Test
  void rightsAreThoseThatWereGranted() {
    user("clerk", "{\"collection\":\"notes\",\"rights\":[\"read\",\"write\"]}");
    String token = token("clerk");

    body(with(token), "{\"n\":1}")
        .put("/v1/collections/notes/documents/1")
        .then()
        .statusCode(not(equalTo(403)));
    with(token).get("/v1/collections/notes/documents/1").then().statusCode(200);
    with(token).get("/v1/collections/payroll/documents/1").then().statusCode(403);
    body(with(token), "{}")
        .put("/v1/collections/payroll/documents/2")
        .then()
        .statusCode(403)
        .body("code", equalTo("FORBIDDEN"));
    with(token)
        .get("/v1/partitions")
        .then()
        .statusCode(200)
        .body("data", hasSize(1))
        .body("data[0].collection", equalTo("notes"));
    with(token).get("/v1/partitions/payroll-all").then().statusCode(404);
    with(token).delete("/v1/partitions/notes-all").then().statusCode(403);
    body(with(token), "{\"index\":\"payroll-by-name\",\"terms\":[\"zoe\"]}")
        .post("/v1/query")
        .then()
        .statusCode(404);
    with(token).get("/v1/users").then().statusCode(403);
    with(token).get("/admin/v1/state").then().statusCode(200);
  }

  @Test
  void anIndexIsReadByWhoMayReadItsCollection() {
    user("auditor", "{\"collection\":\"*\",\"rights\":[\"read\"]}");
    String token = token("auditor");

    // To lock is to keep others from writing.
    body(with(token), "{\"collection\":\"payroll\",\"id\":1}")
        .post("/v1/transactions/1-00/read")
        .then()
        .statusCode(404);
    body(with(token), "{\"collection\":\"payroll\",\"id\":1}")
        .post("/v1/transactions/1-00/lock")
        .then()
        .statusCode(403);
    body(with(token), "{\"index\":\"payroll-by-name\",\"terms\":[\"zoe\"]}")
        .post("/v1/query")
        .then()
        .statusCode(200)
        .body("data", hasSize(1));
    body(with(token), "{\"name\":\"p\",\"collection\":\"x\",\"range\":{}}")
        .post("/v1/partitions")
        .then()
        .statusCode(403);
    with(token).delete("/v1/indexes/payroll-by-name").then().statusCode(403);
  }

  @Test
  void tokensAreMadeListedAndRevoked() {
    user("robot", "");
    String token = token("robot");
    body(with(token), "{}").post("/v1/tokens").then().statusCode(403);
    Response list = with(token).get("/v1/tokens");
    list.then().statusCode(200);
    String secret = BearerToken.parse(token).orElseThrow().secret();
    assertThat(list.asString()).contains("\"description\":\"test\"").doesNotContain(secret);
    String id = list.jsonPath().getString("data[0].id");

    user("other", "");
    with(token("other")).delete("/v1/tokens/" + id).then().statusCode(404);
    with(token).delete("/v1/tokens/" + id).then().statusCode(204);
    with(token).get("/v1/partitions").then().statusCode(401);

    String expiring =
        body(as("robot", PASSWORD), "{\"expires_in\":\"PT0.001S\"}")
            .post("/v1/tokens")
            .then()
            .statusCode(201)
            .extract()
            .path("token");
    await()
        .atMost(PATIENCE)
        .until(() -> with(expiring).get("/v1/partitions").statusCode(), status -> status == 401);
    for (String life : List.of("P367D", "PT0S", "-PT1S", "soon")) {
      body(as("robot", PASSWORD), "{\"expires_in\":\"" + life + "\"}")
          .post("/v1/tokens")
          .then()
          .statusCode(400);
    }
  }

  @Test
  void aStreamOfChangesEndsWithTheRightToIt() throws Exception {
    user("follower", "{\"collection\":\"payroll\",\"rights\":[\"read\"]}");
    String token = token("follower");
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(
                    "http://localhost:" + RestAssured.port + "/v1/collections/payroll/changes"))
            .header("Authorization", "Bearer " + token)
            .header("Accept", "application/x-ndjson")
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<Stream<String>> answer = client.send(request, BodyHandlers.ofLines());
      assertThat(answer.statusCode()).isEqualTo(200);
      Iterator<String> lines = answer.body().iterator();
      assertThat(lines.next()).contains("\"resolved\"");

      user("follower", "");

      String last = lines.next();
      while (lines.hasNext()) {
        last = lines.next();
      }
      assertThat(last).startsWith("{\"error\":").contains("FORBIDDEN");
    }
  }

  @Test
  void anotherPasswordRevokesTokens() {
    user("changing", "");
    String token = token("changing");
    body(administrator(), "{\"password\":\"quite another one\"}")
        .put("/v1/users/changing")
        .then()
        .statusCode(200);
    with(token).get("/v1/partitions").then().statusCode(401);
    as("changing", PASSWORD).get("/v1/partitions").then().statusCode(401);
    as("changing", "quite another one").get("/v1/partitions").then().statusCode(200);
  }

  @Test
  void theLastAdministratorCannotBeRemovedAndBadUsersAreRefused() {
    administrator().delete("/v1/users/root").then().statusCode(409);
    body(administrator(), "{\"password\":\"short\"}").put("/v1/users/x").then().statusCode(400);
    body(administrator(), "{}").put("/v1/users/x").then().statusCode(400);
    body(administrator(), "{\"password\":\"" + PASSWORD + "\"}")
        .put("/v1/users/with space")
        .then()
        .statusCode(400);
    body(
            administrator(),
            "{\"password\":\""
                + PASSWORD
                + "\",\"grants\":[{\"collection\":\"c\",\"rights\":[\"fly\"]}]}")
        .put("/v1/users/x")
        .then()
        .statusCode(400);
  }

  @Test
  void guessingIsSlowedDown() {
    user("guessed", "");
    List<Integer> statuses = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      statuses.add(as("guessed", "guess " + i).get("/v1/partitions").statusCode());
    }
    assertThat(statuses.subList(0, 5)).containsOnly(401);
    assertThat(statuses).contains(429);
    as("guessed", PASSWORD)
        .get("/v1/partitions")
        .then()
        .statusCode(anyOf(equalTo(429), equalTo(200)));
    as("other-user", "x").get("/v1/partitions").then().statusCode(401);
  }

  @Test
  void administrationIsLoggedWithoutSecrets() {
    log.clear();
    user("logged", "");
    String token = token("logged");
    as("logged", "not it at all").get("/v1/partitions");

    assertThat(log)
        .anySatisfy(line ->
            assertThat(line)
                .contains("\"principal\":\"root\"", "/v1/users/logged", "\"action\":\"PUT\""))
        .anySatisfy(line -> assertThat(line).contains("\"principal\":\"logged\"", "/v1/tokens"))
        .anySatisfy(line -> assertThat(line).contains("\"action\":\"login\"", "logged"));
    String secret = BearerToken.parse(token).orElseThrow().secret();
    assertThat(String.join("\n", log))
        .doesNotContain(PASSWORD, secret, "not it at all", GuardedDirectory.PASSWORD);
  }

  /// Every endpoint of the description, asked by nobody and by somebody without rights.
  @Test
  void noEndpointTellsAnythingToWhoHasNoRight() {
    user("nobody", "");
    String token = token("nobody");
    Map<String, Map<String, Object>> paths =
        new TreeMap<>(
            administrator()
                .accept("application/json")
                .get("/openapi?format=json")
                .jsonPath()
                .getMap("paths"));
    int walked = 0;
    // Without certificates the administration is open; SecureHttpTest walks it with them.
    paths.keySet().removeIf(path -> path.startsWith("/admin/"));
    for (Map.Entry<String, Map<String, Object>> path : paths.entrySet()) {
      String uri =
          path.getKey()
              .replace("{collection}", SECRET_COLLECTION)
              .replace("{key}", "1")
              .replace(
                  "{name}", path.getKey().contains("indexes") ? "payroll-by-name" : "payroll-all")
              .replace("{id}", "0123456789abcdef");
      assertThat(uri).as("a parameter that this test does not know").doesNotContain("{");
      for (String method : path.getValue().keySet()) {
        if (!Set.of("get", "put", "post", "delete", "patch").contains(method)) {
          continue;
        }
        walked++;
        String what = method + " " + uri;
        Response stranger = request(given(), method, uri);
        Response powerless = request(with(token), method, uri);
        assertThat(stranger.statusCode()).as(what).isEqualTo(401);
        assertThat(stranger.asString()).as(what).doesNotContain(SECRET_COLLECTION, "zoe");
        boolean own =
            uri.startsWith("/v1/tokens")
                || uri.endsWith("/begin")
                || uri.endsWith("/commit")
                || uri.endsWith("/abort");
        boolean list =
            method.equals("get") && Set.of("/v1/partitions", "/v1/indexes").contains(uri);
        if (own) {
          assertThat(powerless.statusCode()).as(what).isIn(200, 400, 403, 404);
        } else if (list) {
          assertThat(powerless.jsonPath().getList("data")).as(what).isEmpty();
        } else {
          assertThat(powerless.statusCode()).as(what + powerless.asString()).isIn(403, 404);
        }
        assertThat(powerless.asString()).as(what).doesNotContain("zoe", "rows");
      }
    }
    assertThat(walked).isGreaterThan(15);
    administrator().get("/v1/collections/payroll/documents/1").then().statusCode(200);
  }

  /// A body that every endpoint can read far enough to know which collection it is about.
  private static Response request(RequestSpecification as, String method, String uri) {
    String json = "{\"name\":\"payroll-x\",\"collection\":\"payroll\",\"range\":{}}";
    String query = "{\"index\":\"payroll-by-name\",\"terms\":[\"zoe\"]}";
    String index = "{\"name\":\"x\",\"collection\":\"payroll\",\"terms\":[\"a\"]}";
    String sent =
        uri.startsWith("/v1/transactions")
            ? transaction(uri)
            : uri.equals("/v1/query")
                ? query
                : uri.equals("/v1/indexes") ? index : uri.contains("tokens") ? "{}" : json;
    RequestSpecification request = method.equals("get") ? as : body(as, sent);
    return request.request(method.toUpperCase(Locale.ROOT), uri);
  }

  private static String transaction(String uri) {
    if (uri.endsWith("/read") || uri.endsWith("/lock")) {
      return "{\"collection\":\"payroll\",\"id\":1}";
    }
    if (uri.endsWith("/write")) {
      return "{\"collection\":\"payroll\",\"document\":{\"id\":1}}";
    }
    if (uri.endsWith("/query")) {
      return "{\"index\":\"payroll-by-name\",\"terms\":[\"zoe\"]}";
    }
    return uri.equals("/v1/transactions")
        ? "{\"reads\":[{\"collection\":\"payroll\",\"id\":1}]}"
        : "{}";
  }
}
