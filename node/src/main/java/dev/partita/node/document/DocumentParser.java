package dev.partita.node.document;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.partition.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Turns what a client sends into documents, strictly: duplicate members, text after the end, deep
/// nesting and very long names or numbers are refused. Numbers keep their exact value. Safe for all
/// threads.
public final class DocumentParser {
  /// The member of a document that is its primary key.
  public static final String ID = JsonColumns.ID;

  /// Columns in a request: as many as a column group may have, for each of the groups that a
  /// transaction can be about.
  private static final int COLUMNS_MAX = 1_000;

  private static final int NESTING_MAX = 100;
  private static final int NUMBER_LENGTH_MAX = 400;
  private static final int NAME_LENGTH_MAX = 1_024;

  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(NESTING_MAX)
                          .maxNumberLength(NUMBER_LENGTH_MAX)
                          .maxNameLength(NAME_LENGTH_MAX)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private DocumentParser() {}

  /// A document for a key that is known already; a member `id` must be equal to it and is added
  /// when it is missing.
  ///
  /// @throws DatabaseException `INVALID_DOCUMENT`, `INVALID_KEY` or `TOO_LARGE`
  public static ParsedDocument withKey(PrimaryKey key, byte[] body) {
    ObjectNode object = object(parse(body));
    JsonNode id = object.get(ID);
    if (id != null && !PrimaryKeyText.fromJson(id).equals(key)) {
      throw new DatabaseException(
              ErrorCode.INVALID_DOCUMENT,
              "the document's id is another than the key it is written to")
          .with("key", key)
          .with(ID, id);
    }
    return document(key, object);
  }

  /// The documents of a request: one object, or an array of them, each with its `id`.
  ///
  /// @throws DatabaseException `INVALID_DOCUMENT`, `INVALID_KEY` or `TOO_LARGE`, naming the
  ///   document
  public static List<ParsedDocument> oneOrMany(byte[] body) {
    JsonNode json = parse(body);
    if (!json.isArray()) {
      return List.of(withId(json, null));
    }
    if (json.isEmpty() || json.size() > Request.MUTATIONS_MAX) {
      throw new DatabaseException(
              json.isEmpty() ? ErrorCode.INVALID_REQUEST : ErrorCode.TOO_LARGE,
              "a batch has at least one document and at most as many as the limit")
          .with("documents", json.size())
          .with("limit", Request.MUTATIONS_MAX);
    }
    List<ParsedDocument> documents = new ArrayList<>(json.size());
    long bytes = 0;
    for (JsonNode element : json) {
      ParsedDocument document = withId(element, documents.size());
      bytes += document.json().size();
      documents.add(document);
    }
    if (documents.size() > 1 && bytes > Request.WRITE_BYTES_MAX) {
      throw new DatabaseException(ErrorCode.TOO_LARGE, "the batch is larger than the limit")
          .with("bytes", bytes)
          .with("limit", Request.WRITE_BYTES_MAX);
    }
    return documents;
  }

  /// Whether a request's body is a batch rather than one document.
  public static boolean isBatch(byte[] body) {
    for (byte each : body) {
      if (each > ' ') {
        return each == '[';
      }
    }
    return false;
  }

  /// The member `columns` of a request, null if it has none.
  ///
  /// @throws DatabaseException `INVALID_REQUEST` if it is no list of names
  public static @Nullable List<String> columns(ObjectNode json) {
    JsonNode member = json.get("columns");
    if (member == null || member.isNull()) {
      return null;
    }
    Set<String> columns = new LinkedHashSet<>();
    boolean right = member.isArray() && !member.isEmpty() && member.size() <= COLUMNS_MAX;
    for (JsonNode each : member) {
      right &= each.isTextual() && !each.textValue().isEmpty() && columns.add(each.textValue());
    }
    if (!right) {
      throw new DatabaseException(
              ErrorCode.INVALID_REQUEST, "a member of the request has the wrong form")
          .with("member", "columns")
          .with("wanted", "an array of 1 to " + COLUMNS_MAX + " names of columns, each once");
    }
    return List.copyOf(columns);
  }

  /// A document that has its `id` in it.
  static ParsedDocument withId(JsonNode json) {
    return withId(json, null);
  }

  static JsonNode parse(byte[] body) {
    try {
      JsonNode json = JSON.readTree(body);
      if (json == null || json.isMissingNode()) {
        throw new DatabaseException(ErrorCode.INVALID_DOCUMENT, "the body is empty");
      }
      return json;
    } catch (JsonProcessingException e) {
      throw new DatabaseException(ErrorCode.INVALID_DOCUMENT, "the body is not JSON", e)
          .with("reason", e.getOriginalMessage());
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory failed", e);
    }
  }

  private static ParsedDocument withId(JsonNode json, @Nullable Integer position) {
    ObjectNode object = object(json);
    JsonNode id = object.get(ID);
    if (id == null) {
      DatabaseException failure =
          new DatabaseException(
              ErrorCode.INVALID_KEY, "a document needs its primary key in the member 'id'");
      throw position == null ? failure : failure.with("document", position);
    }
    return document(PrimaryKeyText.fromJson(id), object);
  }

  private static ObjectNode object(JsonNode json) {
    if (json instanceof ObjectNode object) {
      return object;
    }
    throw new DatabaseException(ErrorCode.INVALID_DOCUMENT, "a document is a JSON object")
        .with("given", json.getNodeType());
  }

  private static ParsedDocument document(PrimaryKey key, ObjectNode object) {
    ObjectNode ordered = JSON.createObjectNode();
    ordered.set(ID, PrimaryKeyText.toJson(key));
    object.properties().forEach(member -> ordered.set(member.getKey(), member.getValue()));
    try {
      byte[] bytes = JSON.writeValueAsBytes(ordered);
      if (bytes.length > Request.DOCUMENT_BYTES_MAX) {
        throw new DatabaseException(ErrorCode.TOO_LARGE, "the document is larger than the limit")
            .with("key", key)
            .with("bytes", bytes.length)
            .with("limit", Request.DOCUMENT_BYTES_MAX);
      }
      return new ParsedDocument(key, JsonBytes.of(bytes));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("writing parsed JSON failed", e);
    }
  }
}
