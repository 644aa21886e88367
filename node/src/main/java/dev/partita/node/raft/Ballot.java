package dev.partita.node.raft;

import java.util.HashMap;
import java.util.Map;

/// The votes of one election, or of the pre-votes before it. Who answers twice is counted as it
/// answered first.
final class Ballot {

  private final Configuration configuration;
  private final Rules rules;
  private final Map<NodeId, Boolean> votes = new HashMap<>();

  Ballot(Configuration configuration, Rules rules) {
    this.configuration = configuration;
    this.rules = rules;
  }

  void count(NodeId voter, boolean granted) {
    votes.putIfAbsent(voter, granted);
  }

  boolean won() {
    return rules.isQuorum(configuration, node -> votes.getOrDefault(node, false));
  }

  /// Whether those who have not answered could not turn it any more.
  boolean lost() {
    return !configuration.isQuorum(node -> votes.getOrDefault(node, true));
  }
}
