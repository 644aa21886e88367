package dev.partita.node.catalog;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import dev.partita.node.index.FieldPath;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.BoundsJson;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/// The binary form of catalog values, for the log, for storage and for messages between nodes: a
/// version byte, then JSON. The catalog changes rarely and is read by people who look for a fault,
/// so it can afford text; unknown fields are ignored, which lets an older node read what a newer
/// one has written.
public final class CatalogCodec {
  private static final byte VERSION = 1;

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .addModule(module())
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private CatalogCodec() {}

  /// Encodes a record of this package, or of a message that is made of those.
  public static byte[] encode(Object value) {
    try {
      byte[] json = MAPPER.writeValueAsBytes(value);
      byte[] encoded = new byte[json.length + 1];
      encoded[0] = VERSION;
      System.arraycopy(json, 0, encoded, 1, json.length);
      return encoded;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no catalog value: " + value.getClass(), e);
    }
  }

  /// Reads what [#encode] wrote.
  ///
  /// @throws IllegalArgumentException when the version is unknown or the bytes are damaged
  public static <T> T decode(byte[] encoded, Class<T> type) {
    if (encoded.length == 0 || encoded[0] != VERSION) {
      throw new IllegalArgumentException(
          "unknown version of a catalog value: "
              + Arrays.toString(Arrays.copyOf(encoded, Math.min(1, encoded.length))));
    }
    try {
      return MAPPER.readValue(encoded, 1, encoded.length - 1, type);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("damaged catalog value", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static SimpleModule module() {
    SimpleModule module = new SimpleModule();
    number(module, NodeId.class, NodeId::value, NodeId::new);
    number(module, PartitionId.class, PartitionId::value, PartitionId::new);
    number(module, Timestamp.class, Timestamp::value, Timestamp::new);
    module.addSerializer(FieldPath.class, new FieldPathWriter());
    module.addDeserializer(FieldPath.class, new FieldPathReader());
    module.addSerializer(Datum.class, new DatumWriter());
    module.addDeserializer(Datum.class, new DatumReader());
    module.addSerializer(PrimaryKey.class, new PrimaryKeyWriter());
    module.addDeserializer(PrimaryKey.class, new PrimaryKeyReader());
    module.addSerializer(Bounds.class, new BoundsWriter());
    module.addDeserializer(Bounds.class, new BoundsReader());
    return module;
  }

  private static <T> void number(
      SimpleModule module, Class<T> type, ToLongFunction<T> write, Function<Long, T> read) {
    module.addSerializer(
        type,
        new JsonSerializer<T>() {
          @Override
          public void serialize(T value, JsonGenerator out, SerializerProvider provider)
              throws IOException {
            out.writeNumber(write.applyAsLong(value));
          }
        });
    module.addDeserializer(
        type,
        new JsonDeserializer<T>() {
          @Override
          public T deserialize(JsonParser in, DeserializationContext context) throws IOException {
            return read.apply(in.getLongValue());
          }
        });
  }

  private static final class PrimaryKeyWriter extends JsonSerializer<PrimaryKey> {
    @Override
    public void serialize(PrimaryKey value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeTree(PrimaryKeyText.toJson(value));
    }
  }

  private static final class PrimaryKeyReader extends JsonDeserializer<PrimaryKey> {
    @Override
    public PrimaryKey deserialize(JsonParser in, DeserializationContext context)
        throws IOException {
      JsonNode json = in.readValueAsTree();
      return PrimaryKeyText.fromJson(json);
    }
  }

  private static final class FieldPathWriter extends JsonSerializer<FieldPath> {
    @Override
    public void serialize(FieldPath value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeString(value.toString());
    }
  }

  private static final class FieldPathReader extends JsonDeserializer<FieldPath> {
    @Override
    public FieldPath deserialize(JsonParser in, DeserializationContext context) throws IOException {
      return FieldPath.parse(in.getText());
    }
  }

  private static final class DatumWriter extends JsonSerializer<Datum> {
    @Override
    public void serialize(Datum value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeTree(JsonData.toJson(value));
    }
  }

  private static final class DatumReader extends JsonDeserializer<Datum> {
    @Override
    public Datum deserialize(JsonParser in, DeserializationContext context) throws IOException {
      JsonNode json = in.readValueAsTree();
      return JsonData.datum(json);
    }
  }

  private static final class BoundsWriter extends JsonSerializer<Bounds> {
    @Override
    public void serialize(Bounds value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeTree(BoundsJson.write(value));
    }
  }

  private static final class BoundsReader extends JsonDeserializer<Bounds> {
    @Override
    public Bounds deserialize(JsonParser in, DeserializationContext context) throws IOException {
      JsonNode json = in.readValueAsTree();
      return BoundsJson.read(json);
    }
  }
}
