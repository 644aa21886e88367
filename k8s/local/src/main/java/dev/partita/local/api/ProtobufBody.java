package dev.partita.local.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.ApiFailure;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Bodies in the binary form that typed clients send, for the few kinds that `kubectl create` and
/// `helm` write that way.
///
/// Layout: four magic bytes, then an envelope (1: type, 2: the object) in the protobuf wire format.
/// Field numbers: the `generated.proto` files of the Kubernetes API.
final class ProtobufBody {
  static final String MEDIA_TYPE = "application/vnd.kubernetes.protobuf";

  private static final byte[] MAGIC = {'k', '8', 's', 0};
  private static final int WIRE_VARINT = 0;
  private static final int WIRE_BYTES = 2;

  private static final String METADATA = "1 metadata ObjectMeta";

  /// Questions, of which only the kind matters because the answer is always the same.
  private static final Map<String, String> GROUPS =
      Map.of(
          "SelfSubjectAccessReview", "authorization.k8s.io/v1",
          "SelfSubjectRulesReview", "authorization.k8s.io/v1",
          "SelfSubjectReview", "authentication.k8s.io/v1");

  private static final Map<String, Map<Integer, Field>> MESSAGES = messages();

  private static Map<String, Map<Integer, Field>> messages() {
    Map<String, Map<Integer, Field>> messages = new HashMap<>();
    messages.put(
        "ObjectMeta",
        fields(
            "1 name string",
            "2 generateName string",
            "3 namespace string",
            "5 uid string",
            "6 resourceVersion string",
            "7 generation int",
            "8 creationTimestamp Time",
            "11 labels map/string",
            "12 annotations map/string",
            "13 ownerReferences list/OwnerReference",
            "14 finalizers list/string"));
    messages.put(
        "OwnerReference",
        fields(
            "1 kind string",
            "3 name string",
            "4 uid string",
            "5 apiVersion string",
            "6 controller bool",
            "7 blockOwnerDeletion bool"));
    messages.put("Namespace", fields(METADATA, "2 spec NamespaceSpec", "3 status NamespaceStatus"));
    messages.put("NamespaceSpec", fields("1 finalizers list/string"));
    messages.put("NamespaceStatus", fields("1 phase string"));
    messages.put(
        "ConfigMap",
        fields(METADATA, "2 data map/string", "3 binaryData map/bytes", "4 immutable bool"));
    messages.put(
        "Secret",
        fields(
            METADATA,
            "2 data map/bytes",
            "3 type string",
            "4 stringData map/string",
            "5 immutable bool"));
    messages.put("ServiceAccount", fields(METADATA, "4 automountServiceAccountToken bool"));
    GROUPS.keySet().forEach(kind -> messages.put(kind, fields(METADATA)));
    return Map.copyOf(messages);
  }

  /// A field of a message.
  ///
  /// @param shape `one`, `list` or `map`
  private record Field(String name, String shape, String type) {}

  private ProtobufBody() {}

  private static Map<Integer, Field> fields(String... lines) {
    Map<Integer, Field> fields = new HashMap<>();
    for (String line : lines) {
      String[] parts = line.split(" ", -1);
      int slash = parts[2].indexOf('/');
      String shape = slash < 0 ? "one" : parts[2].substring(0, slash);
      fields.put(
          Integer.parseInt(parts[0]), new Field(parts[1], shape, parts[2].substring(slash + 1)));
    }
    return Map.copyOf(fields);
  }

  /// The object that the body holds.
  ///
  /// @throws ApiFailure if it is of a kind that is not read in this form, or broken
  static ObjectNode decode(byte[] body) {
    if (body.length < MAGIC.length
        || !Arrays.equals(body, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
      throw ApiFailure.badRequest("the body does not begin as a protobuf object does");
    }
    try {
      Map<Integer, byte[]> envelope =
          parts(ByteBuffer.wrap(body, MAGIC.length, body.length - MAGIC.length));
      Map<Integer, byte[]> type = parts(ByteBuffer.wrap(envelope.getOrDefault(1, new byte[0])));
      String kind = text(type.getOrDefault(2, new byte[0]));
      ObjectNode object = Json.object();
      object.put("apiVersion", text(type.getOrDefault(1, new byte[0]))).put("kind", kind);
      if (!MESSAGES.containsKey(kind)
          || !object.path("apiVersion").asText().equals(GROUPS.getOrDefault(kind, "v1"))) {
        throw ApiFailure.unsupportedMediaType(
            "the local control plane does not read "
                + kind
                + " as protobuf, only as JSON or YAML; add"
                + " `--dry-run=client -o yaml` to the command and pipe it into `kubectl apply -f -`");
      }
      object.setAll(message(kind, ByteBuffer.wrap(envelope.getOrDefault(2, new byte[0]))));
      return object;
    } catch (BufferUnderflowException e) {
      throw ApiFailure.badRequest("the protobuf body ends too early");
    }
  }

  private static Map<Integer, byte[]> parts(ByteBuffer in) {
    Map<Integer, byte[]> parts = new HashMap<>();
    while (in.hasRemaining()) {
      long tag = varint(in);
      byte[] bytes = value(in, (int) tag & 7);
      if (bytes != null) {
        parts.put((int) (tag >>> 3), bytes);
      }
    }
    return parts;
  }

  /// The bytes of a length-delimited value, null for the others, which are skipped.
  private static byte @Nullable [] value(ByteBuffer in, int wireType) {
    switch (wireType) {
      case WIRE_VARINT -> varint(in);
      case 1 -> in.getLong();
      case WIRE_BYTES -> {
        return bytes(in);
      }
      case 5 -> in.getInt();
      default -> throw ApiFailure.badRequest("unknown protobuf wire type " + wireType);
    }
    return null;
  }

  private static byte[] bytes(ByteBuffer in) {
    long length = varint(in);
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[(int) length];
    in.get(bytes);
    return bytes;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      byte b = in.get();
      value |= (b & 0x7fL) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw ApiFailure.badRequest("a protobuf number is too long");
  }

  private static ObjectNode message(String type, ByteBuffer in) {
    Map<Integer, Field> fields = MESSAGES.getOrDefault(type, Map.of());
    ObjectNode object = Json.object();
    while (in.hasRemaining()) {
      long tag = varint(in);
      int wireType = (int) tag & 7;
      Field field = fields.get((int) (tag >>> 3));
      if (field == null) {
        value(in, wireType);
      } else if (wireType == WIRE_VARINT) {
        setNumber(object, field, varint(in));
      } else {
        set(object, field, bytes(in));
      }
    }
    return object;
  }

  private static void setNumber(ObjectNode object, Field field, long value) {
    if (field.type().equals("bool")) {
      object.put(field.name(), value != 0);
    } else {
      object.put(field.name(), value);
    }
  }

  private static void set(ObjectNode object, Field field, byte[] value) {
    switch (field.shape()) {
      case "list" -> {
        if (field.type().equals("string")) {
          object.withArray(field.name()).add(text(value));
        } else {
          object.withArray(field.name()).add(message(field.type(), ByteBuffer.wrap(value)));
        }
      }
      case "map" -> {
        Map<Integer, byte[]> entry = parts(ByteBuffer.wrap(value));
        byte[] content = entry.getOrDefault(2, new byte[0]);
        boolean binary = field.type().equals("bytes");
        Json.ensure(object, field.name())
            .put(
                text(entry.getOrDefault(1, new byte[0])),
                binary ? Base64.getEncoder().encodeToString(content) : text(content));
      }
      default -> setOne(object, field, value);
    }
  }

  private static void setOne(ObjectNode object, Field field, byte[] value) {
    switch (field.type()) {
      case "string" -> {
        // An empty text says the same as none in this form.
        if (value.length > 0) {
          object.put(field.name(), text(value));
        }
      }
      case "Time" -> {
        if (value.length > 1 && value[0] == 8) {
          long seconds = varint(ByteBuffer.wrap(value, 1, value.length - 1));
          object.put(field.name(), Instant.ofEpochSecond(seconds).toString());
        }
      }
      default -> object.set(field.name(), message(field.type(), ByteBuffer.wrap(value)));
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
