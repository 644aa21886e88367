package dev.partita.local.object;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.partita.local.kind.Kind;
import dev.partita.local.schema.FieldError;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Names of objects: which are allowed, and how they are made up.
final class ObjectNames {
  private static final String LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
  private static final Pattern DNS_LABEL = Pattern.compile(LABEL);
  private static final Pattern DNS_SUBDOMAIN = Pattern.compile(LABEL + "(\\." + LABEL + ")*");
  private static final Set<String> LABEL_KINDS = Set.of("Namespace", "Service");
  private static final Set<String> PATH_KINDS =
      Set.of("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding");

  /// Letters and digits that make no words.
  private static final String SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

  private static final int SUFFIX_LENGTH = 5;
  private static final int SUBDOMAIN_LENGTH_MAX = 253;
  private static final int LABEL_LENGTH_MAX = 63;
  private static final SecureRandom RANDOM = new SecureRandom();

  private ObjectNames() {}

  static String generate(String prefix) {
    StringBuilder name = new StringBuilder(prefix);
    for (int i = 0; i < SUFFIX_LENGTH; i++) {
      name.append(SUFFIX_LETTERS.charAt(RANDOM.nextInt(SUFFIX_LETTERS.length())));
    }
    return name.toString();
  }

  /// What is wrong with `name` for an object of `kind`.
  static Optional<FieldError> problem(Kind kind, String name) {
    if (name.isEmpty()) {
      return Optional.of(FieldError.required("metadata.name", "name or generateName is required"));
    }
    String detail = detail(kind, name);
    return detail.isEmpty()
        ? Optional.empty()
        : Optional.of(FieldError.invalid("metadata.name", TextNode.valueOf(name), detail));
  }

  private static String detail(Kind kind, String name) {
    if (PATH_KINDS.contains(kind.kind()) && !kind.custom()) {
      return name.contains("/") || name.contains("%") ? "may not contain '/' or '%'" : "";
    }
    if (LABEL_KINDS.contains(kind.kind()) && !kind.custom()) {
      if (name.length() > LABEL_LENGTH_MAX) {
        return "must be no more than " + LABEL_LENGTH_MAX + " bytes";
      }
      return DNS_LABEL.matcher(name).matches()
          ? ""
          : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an"
              + " alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '"
              + LABEL
              + "')";
    }
    if (name.length() > SUBDOMAIN_LENGTH_MAX) {
      return "must be no more than " + SUBDOMAIN_LENGTH_MAX + " bytes";
    }
    return DNS_SUBDOMAIN.matcher(name).matches()
        ? ""
        : "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end"
            + " with an alphanumeric character (e.g. 'example.com', regex used for validation is '"
            + LABEL
            + "(\\."
            + LABEL
            + ")*')";
  }
}
