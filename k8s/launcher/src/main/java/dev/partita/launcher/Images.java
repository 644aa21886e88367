package dev.partita.launcher;

import java.util.Map;
import java.util.Optional;

/// The images that a cluster of the user's is told to run, where the environment names any; else
/// those of the manifest.
///
/// @param operator image of the operator
/// @param node image of the nodes
record Images(Optional<String> operator, Optional<String> node) {
  static final String OPERATOR_VARIABLE = "PARTITA_OPERATOR_IMAGE";
  static final String NODE_VARIABLE = "PARTITA_NODE_IMAGE";

  static Images of(Map<String, String> environment) {
    return new Images(value(environment, OPERATOR_VARIABLE), value(environment, NODE_VARIABLE));
  }

  private static Optional<String> value(Map<String, String> environment, String variable) {
    return Optional.ofNullable(environment.get(variable)).filter(each -> !each.isBlank());
  }
}
