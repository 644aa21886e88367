package dev.partita.node.error;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A failure that the client, or the world outside the node, has to answer for. The message is
/// constant text, so that equal failures look equal in a log; what varies is in the context, in the
/// order it was added.
public final class DatabaseException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final transient Map<String, String> context = new LinkedHashMap<>();

  /// A failure with constant text.
  public DatabaseException(ErrorCode code, String message) {
    this(code, message, null);
  }

  /// A failure with constant text and what caused it.
  public DatabaseException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = Objects.requireNonNull(code);
  }

  /// Adds a value to the context; called by the thrower before the exception is thrown.
  public DatabaseException with(String key, @Nullable Object value) {
    context.put(key, String.valueOf(value));
    return this;
  }

  /// What kind of failure it is.
  public ErrorCode code() {
    return code;
  }

  /// The constant text.
  public String text() {
    return Objects.requireNonNull(super.getMessage());
  }

  /// The values that belong to this one failure.
  public Map<String, String> context() {
    return Collections.unmodifiableMap(context);
  }

  /// The constant text followed by the context, as `text (key=value, key=value)`.
  @Override
  public String getMessage() {
    if (context.isEmpty()) {
      return text();
    }
    StringBuilder message = new StringBuilder(text()).append(" (");
    context.forEach((key, value) -> message.append(key).append('=').append(value).append(", "));
    message.setLength(message.length() - 2);
    return message.append(')').toString();
  }
}
