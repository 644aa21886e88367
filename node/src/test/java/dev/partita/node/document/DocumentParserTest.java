package dev.partita.node.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DocumentParserTest {
  @Test
  void theKeyOfThePathIsAddedInFront() {
    ParsedDocument document =
        DocumentParser.withKey(PrimaryKey.of(150), bytes("{ \"color\" : \"red\" }"));

    assertThat(document.json().toString()).isEqualTo("{\"id\":150,\"color\":\"red\"}");
  }

  @Test
  void anIdThatIsAnotherThanThePathIsRefused() {
    refused(
        ErrorCode.INVALID_DOCUMENT,
        () -> DocumentParser.withKey(PrimaryKey.of(150), bytes("{\"id\":\"150\"}")));
  }

  @Test
  void numbersKeepTheirExactValue() {
    String json =
        "{\"id\":1,\"a\":0.1000000000000000055511151231257827,\"b\":123456789012345678901234567890}";

    assertThat(DocumentParser.oneOrMany(bytes(json)).getFirst().json().toString()).isEqualTo(json);
  }

  @Test
  void aBatchGivesItsDocumentsInOrder() {
    List<ParsedDocument> documents =
        DocumentParser.oneOrMany(bytes(" [{\"id\":\"a\"},{\"x\":1,\"id\":[-1,\"b\"]}]"));

    assertThat(documents)
        .extracting(ParsedDocument::key)
        .containsExactly(PrimaryKey.of("a"), PrimaryKey.of(Datum.of(-1), Datum.of("b")));
    assertThat(documents.get(1).json().toString()).isEqualTo("{\"id\":[-1,\"b\"],\"x\":1}");
  }

  @Test
  void batchesAreToldFromDocuments() {
    assertThat(DocumentParser.isBatch(bytes(" \n[{}]"))).isTrue();
    assertThat(DocumentParser.isBatch(bytes("{\"a\":[1]}"))).isFalse();
    assertThat(DocumentParser.isBatch(bytes(""))).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          INVALID_DOCUMENT | ''
          INVALID_DOCUMENT | nonsense
          INVALID_DOCUMENT | {"id":1} trailing
          INVALID_DOCUMENT | {"id":1,"a":1,"a":2}
          INVALID_DOCUMENT | "text"
          INVALID_DOCUMENT | null
          INVALID_KEY      | {"a":1}
          INVALID_KEY      | {"id":1.5}
          INVALID_KEY      | {"id":null}
          INVALID_KEY      | {"id":{}}
          INVALID_KEY      | {"id":[]}
          INVALID_KEY      | {"id":9223372036854775808}
          INVALID_REQUEST  | []
          """)
  void badBodiesAreRefused(ErrorCode code, String body) {
    refused(code, () -> DocumentParser.oneOrMany(bytes(body)));
  }

  @Test
  void deepNestingIsRefused() {
    String deep = "{\"id\":1,\"a\":" + "[".repeat(200) + "]".repeat(200) + "}";

    refused(ErrorCode.INVALID_DOCUMENT, () -> DocumentParser.oneOrMany(bytes(deep)));
  }

  @Test
  void aDocumentOverTheLimitIsRefused() {
    String large = "{\"id\":1,\"a\":\"" + "x".repeat(1 << 20) + "\"}";

    refused(ErrorCode.TOO_LARGE, () -> DocumentParser.oneOrMany(bytes(large)));
  }

  @Test
  void aBatchOverTheLimitIsRefused() {
    String batch =
        IntStream.range(0, 4)
            .mapToObj(id -> "{\"id\":" + id + ",\"a\":\"" + "x".repeat(900_000) + "\"}")
            .collect(Collectors.joining(",", "[", "]"));

    refused(ErrorCode.TOO_LARGE, () -> DocumentParser.oneOrMany(bytes(batch)));
  }

  private static void refused(ErrorCode code, Runnable parse) {
    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(parse::run)
        .satisfies(failure -> assertThat(failure.code()).isEqualTo(code));
  }

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }
}
