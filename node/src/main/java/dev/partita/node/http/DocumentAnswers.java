package dev.partita.node.http;

import jakarta.ws.rs.ext.Provider;

/// Answers with a document, whose bytes are sent as they are stored.
@Provider
public final class DocumentAnswers extends BytesAnswers<byte[]> {
  DocumentAnswers(LargeAnswers answers) {
    super(byte[].class, answers);
  }

  @Override
  byte[] bytes(byte[] document) {
    return document;
  }
}
