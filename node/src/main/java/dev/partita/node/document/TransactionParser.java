package dev.partita.node.document;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.Mutation;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.DocumentRows;
import dev.partita.node.transaction.OneShot;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// Turns the body of a request into a transaction, as strictly as documents are read.
///
/// ```json
/// {"client": "till-7", "sequence": 41, "commitProtocol": "2pc",
///  "reads":      [{"collection": "accounts", "id": 1},
///                 {"collection": "people", "id": "ada", "columns": ["mail"]}],
///  "conditions": [{"collection": "accounts", "id": 1, "version": "472093411475456000"},
///                 {"collection": "accounts", "id": 2, "exists": true}],
///  "writes":     [{"collection": "accounts", "document": {"id": 1, "balance": 90}},
///                 {"collection": "transfers", "document": {"id": "t-9"}, "exists": false},
///                 {"collection": "people", "document": {"id": "ada", "mail": "a@b"}, "columns": ["mail"]},
///                 {"collection": "baskets", "delete": 12}]}
/// ```
public final class TransactionParser {
  private static final int CLIENT_LENGTH_MAX = 256;

  private static final Set<String> MEMBERS =
      Set.of("client", "sequence", "commitProtocol", "reads", "conditions", "writes");
  private static final Set<String> READ_MEMBERS = Set.of("collection", "id", "columns");
  private static final Set<String> CONDITION_MEMBERS =
      Set.of("collection", "id", "columns", "exists", "version");
  private static final Set<String> WRITE_MEMBERS =
      Set.of("collection", "document", "delete", "columns", "exists", "version");

  private TransactionParser() {}

  /// Reads a transaction.
  ///
  /// @param otherwise how it commits if it does not say how
  /// @throws DatabaseException `INVALID_REQUEST`, `INVALID_DOCUMENT`, `INVALID_KEY` or `TOO_LARGE`,
  ///   naming the place
  public static OneShot parse(byte[] body, CommitProtocolKind otherwise) {
    ObjectNode json = object(DocumentParser.parse(body), "the request", MEMBERS);
    return new OneShot(
        name(json),
        protocol(json, otherwise),
        list(json, "reads", READ_MEMBERS, (item, _) -> item(item)),
        list(json, "conditions", CONDITION_MEMBERS, TransactionParser::condition),
        list(json, "writes", WRITE_MEMBERS, TransactionParser::write));
  }

  /// A JSON object with no other members than these.
  static ObjectNode object(byte[] body, Set<String> members) {
    return object(DocumentParser.parse(body), "the request", members);
  }

  /// The item of a statement that reads.
  static OneShot.Item item(byte[] body) {
    return item(object(body, READ_MEMBERS));
  }

  /// The write of a statement that writes.
  static OneShot.Write write(byte[] body) {
    return write(object(body, WRITE_MEMBERS), "the request");
  }

  /// `2pc` or `3pc`.
  static CommitProtocolKind protocol(ObjectNode json, CommitProtocolKind otherwise) {
    JsonNode protocol = json.get("commitProtocol");
    return protocol == null
        ? otherwise
        : CommitProtocolKind.of(protocol.asText())
            .orElseThrow(() -> wrong("commitProtocol", "2pc or 3pc"));
  }

  private static OneShot.@Nullable Name name(ObjectNode json) {
    JsonNode client = json.get("client");
    JsonNode sequence = json.get("sequence");
    if (client == null && sequence == null) {
      return null;
    }
    if (client == null
        || !client.isTextual()
        || client.textValue().isEmpty()
        || client.textValue().length() > CLIENT_LENGTH_MAX) {
      throw wrong("client", "a text of 1 to " + CLIENT_LENGTH_MAX + " characters, with a sequence");
    }
    if (sequence == null
        || !sequence.isIntegralNumber()
        || !sequence.canConvertToLong()
        || sequence.longValue() < 0) {
      throw wrong("sequence", "a whole number from 0, with a client");
    }
    return new OneShot.Name(client.textValue(), sequence.longValue());
  }

  private static <T> List<T> list(
      ObjectNode json, String name, Set<String> members, BiFunction<ObjectNode, String, T> reader) {
    JsonNode list = json.get(name);
    if (list == null) {
      return List.of();
    }
    if (!list.isArray()) {
      throw wrong(name, "an array");
    }
    if (list.size() > OneShot.ITEMS_MAX) {
      throw new DatabaseException(ErrorCode.TOO_LARGE, "a transaction has too many items")
          .with("member", name)
          .with("limit", OneShot.ITEMS_MAX);
    }
    var items = new ArrayList<T>();
    for (JsonNode item : list) {
      String place = name + "[" + items.size() + "]";
      items.add(reader.apply(object(item, place, members), place));
    }
    return items;
  }

  private static ObjectNode object(JsonNode json, String place, Set<String> members) {
    if (!(json instanceof ObjectNode object)) {
      throw wrong(place, "a JSON object");
    }
    for (var member : object.properties()) {
      if (!members.contains(member.getKey())) {
        throw new DatabaseException(ErrorCode.INVALID_REQUEST, "unknown member of the request")
            .with("place", place)
            .with("member", member.getKey())
            .with("known", members.stream().sorted().toList());
      }
    }
    return object;
  }

  private static OneShot.Item item(ObjectNode json) {
    JsonNode id = json.get("id");
    if (id == null) {
      throw wrong("id", "a primary key");
    }
    return new OneShot.Item(
        collection(json), PrimaryKeyText.fromJson(id), DocumentParser.columns(json));
  }

  private static String collection(ObjectNode json) {
    JsonNode collection = json.get("collection");
    if (collection == null || !collection.isTextual() || collection.textValue().isEmpty()) {
      throw wrong("collection", "the name of a collection");
    }
    return collection.textValue();
  }

  private static OneShot.Condition condition(ObjectNode json, String place) {
    Mutation.Precondition precondition = precondition(json);
    if (precondition instanceof Mutation.Always) {
      throw wrong(place, "a condition, 'exists' or 'version'");
    }
    return new OneShot.Condition(item(json), precondition);
  }

  private static OneShot.Write write(ObjectNode json, String place) {
    JsonNode document = json.get("document");
    JsonNode delete = json.get("delete");
    if ((document == null) == (delete == null)) {
      throw wrong(place, "either 'document' or 'delete'");
    }
    Mutation mutation;
    if (document == null) {
      PrimaryKey key = PrimaryKeyText.fromJson(delete);
      mutation = Mutation.delete(key);
    } else {
      ParsedDocument parsed = DocumentParser.withId(document);
      mutation = Mutation.put(parsed.key(), parsed.json());
    }
    List<String> columns = DocumentParser.columns(json);
    DocumentRows.requireInside(mutation, columns);
    return new OneShot.Write(collection(json), mutation.when(precondition(json)), columns);
  }

  private static Mutation.Precondition precondition(ObjectNode json) {
    JsonNode exists = json.get("exists");
    JsonNode version = json.get("version");
    if (exists != null && version != null) {
      throw wrong("version", "nothing beside 'exists'");
    }
    if (exists != null) {
      if (!exists.isBoolean()) {
        throw wrong("exists", "true or false");
      }
      return exists.booleanValue() ? new Mutation.IfPresent() : new Mutation.IfAbsent();
    }
    if (version == null) {
      return new Mutation.Always();
    }
    if (!version.isTextual()) {
      throw wrong("version", "the version as an earlier answer gave it, a text");
    }
    return new Mutation.IfVersion(Timestamp.parse(version.textValue()));
  }

  private static DatabaseException wrong(String member, String wanted) {
    return new DatabaseException(
            ErrorCode.INVALID_REQUEST, "a member of the request has the wrong form")
        .with("member", member)
        .with("wanted", wanted);
  }
}
