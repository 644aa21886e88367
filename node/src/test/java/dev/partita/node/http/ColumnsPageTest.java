package dev.partita.node.http;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.net.URL;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What the page about documents that are divided by columns tells users to do.
@QuarkusTest
@QuarkusTestResource(FreshDirectory.class)
class ColumnsPageTest {
  @TestHTTPResource("/")
  @Nullable URL root;

  @Test
  void theCommandsOfThePageDoWhatTheySay() throws Exception {
    assertThat(PageScript.run("k8s/docs/columns.md", requireNonNull(root)))
        .contains("{\"id\":\"ada\",\"name\":\"Ada\",\"mail\":\"ada@example.org\"}")
        // Of the picture there is one; then all of both.
        .contains("\"data\":[{\"id\":\"ada\",\"taken\":1852}]")
        .contains(
            "{\"id\":\"ada\",\"name\":\"Ada\",\"mail\":\"countess@example.org\","
                + "\"photo\":\"…\",\"taken\":1852}")
        .contains("\"document\":{\"id\":\"bob\",\"name\":\"Bob\"}")
        // By the name, which is in one group, with the year of the other one.
        .contains("{\"id\":\"ada\",\"taken\":1852,\"document\":{\"id\":\"ada\",\"name\":\"Ada\",");
  }
}
