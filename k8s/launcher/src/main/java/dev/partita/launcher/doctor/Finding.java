package dev.partita.launcher.doctor;

/// Something that is wrong.
///
/// @param object what it is wrong with, as kubectl names it
/// @param remedy what a person can do, or look at next
record Finding(Severity severity, String object, String problem, String remedy) {

  /// How bad it is.
  enum Severity {
    /// Something does not work, or soon will not.
    PROBLEM,
    /// Something is being done, or should be done some day.
    NOTE
  }

  static Finding problem(String object, String problem, String remedy) {
    return new Finding(Severity.PROBLEM, object, problem, remedy);
  }

  static Finding note(String object, String problem, String remedy) {
    return new Finding(Severity.NOTE, object, problem, remedy);
  }
}
