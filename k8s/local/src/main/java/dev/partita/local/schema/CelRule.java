package dev.partita.local.schema;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cel.common.CelValidationException;
import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import dev.partita.local.json.Json;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One compiled rule of `x-kubernetes-validations`.
///
/// @param compileError why the rule does not compile, null when it does
record CelRule(
    String rule,
    String message,
    String reason,
    String fieldPath,
    boolean optionalOldSelf,
    boolean usesOldSelf,
    CelRuntime.@Nullable Program program,
    CelRuntime.@Nullable Program messageProgram,
    @Nullable String compileError) {

  private static final Pattern QUOTED =
      Pattern.compile("\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*'");
  private static final Pattern OLD_SELF = Pattern.compile("\\boldSelf\\b");

  static CelRule compile(JsonNode source) {
    String rule = Json.string(source, "rule");
    CelRuntime.Program program = null;
    CelRuntime.Program messageProgram = null;
    String error = null;
    try {
      program = CelEnvironment.compile(rule);
      if (Json.has(source, "messageExpression")) {
        messageProgram = CelEnvironment.compile(Json.string(source, "messageExpression"));
      }
    } catch (CelValidationException | CelEvaluationException e) {
      error = e.getMessage();
    }
    return new CelRule(
        rule,
        Json.string(source, "message"),
        Json.string(source, "reason"),
        Json.string(source, "fieldPath"),
        source.path("optionalOldSelf").asBoolean(),
        OLD_SELF.matcher(QUOTED.matcher(rule).replaceAll("''")).find(),
        program,
        messageProgram,
        error);
  }

  /// Evaluates the rule.
  ///
  /// @param oldSelf the old value, empty when there is none to compare with
  /// @return what is wrong with `value`, empty when it keeps the rule
  Optional<FieldError> check(Object self, Optional<Object> oldSelf, JsonNode value, String path) {
    if (usesOldSelf && oldSelf.isEmpty() && !optionalOldSelf) {
      return Optional.empty();
    }
    if (program == null) {
      return Optional.of(FieldError.invalid(path, value, "rule compile error: " + compileError));
    }
    Map<String, Object> variables = variables(self, oldSelf);
    try {
      if (Boolean.TRUE.equals(program.eval(variables))) {
        return Optional.empty();
      }
    } catch (CelEvaluationException e) {
      return Optional.of(
          FieldError.invalid(path, value, e.getMessage() + " evaluating rule: " + shown()));
    }
    return Optional.of(failure(variables, value, path + fieldPath));
  }

  private Map<String, Object> variables(Object self, Optional<Object> oldSelf) {
    if (optionalOldSelf) {
      return Map.of("self", self, "oldSelf", oldSelf);
    }
    return oldSelf
        .map(old -> Map.of("self", self, "oldSelf", old))
        .orElseGet(() -> Map.of("self", self));
  }

  private FieldError failure(Map<String, Object> variables, JsonNode value, String path) {
    String field = path.startsWith(".") ? path.substring(1) : path;
    String detail = detail(variables);
    return switch (reason) {
      case "FieldValueForbidden" -> FieldError.forbidden(field, detail);
      case "FieldValueRequired" -> FieldError.required(field, detail);
      case "FieldValueDuplicate" -> FieldError.duplicate(field, value);
      default -> FieldError.invalid(field, value, detail);
    };
  }

  private String detail(Map<String, Object> variables) {
    if (messageProgram != null) {
      try {
        return String.valueOf(messageProgram.eval(variables));
      } catch (CelEvaluationException e) {
        // The constant message below stands in, as it does in a Kubernetes API server.
      }
    }
    return message.isEmpty() ? "failed rule: " + shown() : message;
  }

  private String shown() {
    return rule.strip().replaceAll("\\s*\\n\\s*", " ");
  }
}
