package dev.partita.operator.status;

/// What is to be said about a resource: its phase, and the one reason for it.
///
/// @param phase one word for people
/// @param reason one CamelCase word for programs
/// @param message a sentence for people
public record Verdict(Kind kind, String phase, String reason, String message) {

  /// What the conditions will say.
  public enum Kind {
    /// It is as it should be.
    READY,
    /// It serves, and work on it goes on.
    READY_AND_RECONCILING,
    /// Work goes on, or the world has to come right by itself.
    RECONCILING,
    /// A person must act.
    STALLED
  }

  /// It is as it should be.
  public static Verdict ready(String message) {
    return new Verdict(Kind.READY, "Ready", "Ready", message);
  }

  /// It serves, and work on it goes on.
  public static Verdict serving(String phase, String reason, String message) {
    return new Verdict(Kind.READY_AND_RECONCILING, phase, reason, message);
  }

  /// It is not there yet.
  public static Verdict reconciling(String phase, String reason, String message) {
    return new Verdict(Kind.RECONCILING, phase, reason, message);
  }

  /// A person must act; the message says how.
  public static Verdict stalled(String reason, String message) {
    return new Verdict(Kind.STALLED, "Stalled", reason, message);
  }

  boolean isReady() {
    return kind == Kind.READY || kind == Kind.READY_AND_RECONCILING;
  }

  boolean isReconciling() {
    return kind == Kind.RECONCILING || kind == Kind.READY_AND_RECONCILING;
  }
}
