package dev.partita.node.http;

import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import org.jboss.resteasy.reactive.server.spi.ResteasyReactiveResourceInfo;
import org.jboss.resteasy.reactive.server.spi.ServerMessageBodyWriter;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;

/// Answers whose bytes are known before the first of them is sent.
///
/// @param <T> what a resource gives
abstract class BytesAnswers<T> implements ServerMessageBodyWriter<T> {
  private final Class<T> answered;
  private final LargeAnswers answers;

  BytesAnswers(Class<T> answered, LargeAnswers answers) {
    this.answered = answered;
    this.answers = answers;
  }

  abstract byte[] bytes(T answer) throws IOException;

  @Override
  public final boolean isWriteable(
      Class<?> type, Type genericType, ResteasyReactiveResourceInfo target, MediaType mediaType) {
    return answered.isAssignableFrom(type);
  }

  @Override
  public final void writeResponse(T answer, Type genericType, ServerRequestContext context)
      throws IOException {
    answers.send(context, bytes(answer));
  }

  @Override
  public final boolean isWriteable(
      Class<?> type, Type genericType, Annotation[] annotations, MediaType mediaType) {
    return answered.isAssignableFrom(type);
  }

  @Override
  public final void writeTo(
      T answer,
      Class<?> type,
      Type genericType,
      Annotation[] annotations,
      MediaType mediaType,
      MultivaluedMap<String, Object> headers,
      OutputStream stream)
      throws IOException {
    stream.write(bytes(answer));
  }
}
