package dev.partita.node.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.Mutation;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.OneShot;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransactionParserTest {

  private static OneShot parse(String json) {
    return TransactionParser.parse(
        json.getBytes(StandardCharsets.UTF_8), CommitProtocolKind.TWO_PHASE);
  }

  @Test
  void whoDoesNotSayHowToCommitCommitsAsOthersDo() {
    for (CommitProtocolKind otherwise : CommitProtocolKind.values()) {
      assertThat(protocol("{}", otherwise)).isEqualTo(otherwise);
      assertThat(protocol("{\"commitProtocol\": \"2pc\"}", otherwise))
          .isEqualTo(CommitProtocolKind.TWO_PHASE);
      assertThat(protocol("{\"commitProtocol\": \"3pc\"}", otherwise))
          .isEqualTo(CommitProtocolKind.THREE_PHASE);
    }
  }

  private static CommitProtocolKind protocol(String json, CommitProtocolKind otherwise) {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    assertThat(SessionBodies.begin(body, otherwise).protocol())
        .isEqualTo(TransactionParser.parse(body, otherwise).protocol());
    return TransactionParser.parse(body, otherwise).protocol();
  }

  @Test
  void everyMemberIsRead() {
    OneShot request =
        parse(
            """
            {"client": "till", "sequence": 41,
             "reads": [{"collection": "a", "id": 1}],
             "conditions": [{"collection": "a", "id": [1, "x"], "version": "12"},
                            {"collection": "a", "id": 2, "exists": true}],
             "writes": [{"collection": "a", "document": {"id": 1, "n": 1.50}},
                        {"collection": "b", "document": {"id": "t"}, "exists": false},
                        {"collection": "b", "delete": 12, "version": "7"}]}
            """);
    assertThat(request.name()).isEqualTo(new OneShot.Name("till", 41));
    assertThat(request.reads()).containsExactly(new OneShot.Item("a", PrimaryKey.of(1)));
    assertThat(request.conditions())
        .extracting(OneShot.Condition::precondition)
        .containsExactly(new Mutation.IfVersion(new Timestamp(12)), new Mutation.IfPresent());
    assertThat(request.writes())
        .containsExactly(
            new OneShot.Write(
                "a", Mutation.put(PrimaryKey.of(1), JsonBytes.of("{\"id\":1,\"n\":1.50}"))),
            new OneShot.Write(
                "b", Mutation.insert(PrimaryKey.of("t"), JsonBytes.of("{\"id\":\"t\"}"))),
            new OneShot.Write(
                "b",
                Mutation.delete(PrimaryKey.of(12)).when(new Mutation.IfVersion(new Timestamp(7)))));
    OneShot columns =
        parse(
            """
            {"reads": [{"collection": "a", "id": 1, "columns": ["m", "n"]}],
             "conditions": [{"collection": "a", "id": 1, "columns": ["n"], "exists": true}],
             "writes": [{"collection": "a", "document": {"id": 1, "n": 2}, "columns": ["m", "n"]}]}
            """);
    assertThat(columns.reads().getFirst().columns()).containsExactly("m", "n");
    assertThat(columns.conditions().getFirst().item().columns()).containsExactly("n");
    assertThat(columns.writes().getFirst().columns()).containsExactly("m", "n");
    assertThat(parse("{}")).isEqualTo(new OneShot(null, List.of(), List.of(), List.of()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"read\": []} | INVALID_REQUEST",
        "{\"client\": \"a\"} | INVALID_REQUEST",
        "{\"sequence\": 1} | INVALID_REQUEST",
        "{\"client\": \"a\", \"sequence\": -1} | INVALID_REQUEST",
        "{\"reads\": {}} | INVALID_REQUEST",
        "{\"reads\": [{\"collection\": \"a\"}]} | INVALID_REQUEST",
        "{\"reads\": [{\"id\": 1}]} | INVALID_REQUEST",
        "{\"reads\": [{\"collection\": \"a\", \"id\": 1, \"exists\": true}]} | INVALID_REQUEST",
        "{\"conditions\": [{\"collection\": \"a\", \"id\": 1}]} | INVALID_REQUEST",
        "{\"conditions\": [{\"collection\": \"a\", \"id\": 1, \"exists\": 1}]} | INVALID_REQUEST",
        "{\"writes\": [{\"collection\": \"a\"}]} | INVALID_REQUEST",
        "{\"writes\": [{\"collection\": \"a\", \"document\": {\"id\": 1}, \"delete\": 1}]} | INVALID_REQUEST",
        "{\"writes\": [{\"collection\": \"a\", \"document\": {\"n\": 1}}]} | INVALID_KEY",
        "{\"writes\": [{\"collection\": \"a\", \"document\": 1}]} | INVALID_DOCUMENT",
        "{\"reads\": [{\"collection\": \"a\", \"id\": 1, \"columns\": []}]} | INVALID_REQUEST",
        "{\"reads\": [{\"collection\": \"a\", \"id\": 1, \"columns\": \"n\"}]} | INVALID_REQUEST",
        "{\"reads\": [{\"collection\": \"a\", \"id\": 1, \"columns\": [\"n\", \"n\"]}]} | INVALID_REQUEST",
        "{\"writes\": [{\"collection\": \"a\", \"document\": {\"id\": 1, \"m\": 1}, \"columns\": [\"n\"]}]} | INVALID_REQUEST",
        "{\"writes\": [{\"collection\": \"a\", \"delete\": 1, \"columns\": [\"n\"]}]} | INVALID_REQUEST",
        "[] | INVALID_REQUEST",
        "{ | INVALID_DOCUMENT"
      })
  void whatIsNotUnderstoodIsRefused(String json, ErrorCode code) {
    assertThatThrownBy(() -> parse(json))
        .isInstanceOfSatisfying(
            DatabaseException.class, failure -> assertThat(failure.code()).isEqualTo(code));
  }
}
