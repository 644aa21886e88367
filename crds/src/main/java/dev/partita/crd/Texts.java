package dev.partita.crd;

/// Patterns that several fields share; each is anchored, because the API server's patterns are not.
final class Texts {

  /// A value of a Kubernetes label, not empty.
  static final String LABEL_VALUE = "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$";

  /// A Kubernetes object name (RFC 1123 subdomain).
  static final String OBJECT_NAME = "^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$";

  /// A collection: what SQL can name without quotes, and document collections with dots and dashes.
  static final String COLLECTION = "^[A-Za-z_][A-Za-z0-9_.-]*$";

  /// A field of a document: names joined by dots, `[]` after a name stands for the elements of an
  /// array.
  static final String FIELD_PATH = "^[^.\\[\\]]+(\\[\\*\\])?(\\.[^.\\[\\]]+(\\[\\*\\])?)*$";

  /// A column: a field of a document. Commas separate columns in requests.
  static final String COLUMN = "^[^,]+$";

  /// A size in whole mebi-, gibi- or tebibytes: what a validation rule can compare without a
  /// quantity library.
  static final String SIZE = "^[1-9][0-9]{0,8}(Mi|Gi|Ti)$";

  /// Processor time in thousandths of a core.
  static final String CPU = "^[1-9][0-9]{0,4}m$";

  /// Mebi- or gibibytes in a second.
  static final String RATE = "^[1-9][0-9]{0,8}(Mi|Gi)$";

  /// A duration in whole seconds, minutes or hours, or the word for none.
  static final String DURATION_OR_NEVER = "^([1-9][0-9]{0,4}[smh]|Never)$";

  /// A host name whose first label is the name of a pod: such names have one certificate, with an
  /// asterisk.
  static final String ADVERTISED_ADDRESS =
      "^\\{pod\\}(\\.([a-z0-9-]|\\{site\\}|\\{namespace\\})+)+$";

  private Texts() {}
}
