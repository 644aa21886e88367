package dev.partita.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.ws.rs.ext.Provider;
import java.io.IOException;

/// Answers with JSON that was put together by a resource.
@Provider
public final class JsonAnswers extends BytesAnswers<JsonNode> {
  private final ObjectMapper mapper;

  JsonAnswers(ObjectMapper mapper, LargeAnswers answers) {
    super(JsonNode.class, answers);
    this.mapper = mapper;
  }

  @Override
  byte[] bytes(JsonNode json) throws IOException {
    return mapper.writeValueAsBytes(json);
  }
}
