package dev.partita.launcher.recover;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// What `./partita recover` was given.
///
/// @param id of a plan or a recovery; empty where the action needs none
/// @param lost names or ids of nodes
/// @param edges names or ids of nodes
record RecoverOptions(Action action, String id, List<String> lost, List<String> edges) {
  static final String USAGE =
      """
      Usage: ./partita recover plan --lost NODE,... [--edges NODE,...]
             ./partita recover apply PLAN --lost NODE,... [--edges NODE,...]
             ./partita recover list
             ./partita recover acknowledge RECOVERY

      For partitions that have lost their quorum FOR GOOD. 'plan' tells what would become of them, and what may be lost,
      if the nodes were given up; it changes nothing. 'apply' gives the nodes up for ever, as the plan says. Nodes are
      pods' names or, where a pod has been another node before, ids. '--edges' allows to go on from the copy of a node
      at the edge. 'list' tells of the recoveries there were, 'acknowledge' that you have seen to what one may have lost.

      It asks a pod that runs, as the administrator of the Secret partita-administrator or of the environment's
      PARTITA_USER and PARTITA_PASSWORD. Read k8s/docs/runbooks/QuorumLost.md first.
      """;

  private static final Set<String> OPTIONS = Set.of("--lost", "--edges");

  enum Action {
    PLAN,
    APPLY,
    LIST,
    ACKNOWLEDGE
  }

  RecoverOptions {
    lost = List.copyOf(lost);
    edges = List.copyOf(edges);
  }

  /// @throws IllegalArgumentException when that is no command
  static RecoverOptions parse(List<String> arguments) {
    if (arguments.isEmpty()) {
      throw new IllegalArgumentException("say what to do");
    }
    Action action =
        switch (arguments.getFirst()) {
          case "plan" -> Action.PLAN;
          case "apply" -> Action.APPLY;
          case "list" -> Action.LIST;
          case "acknowledge" -> Action.ACKNOWLEDGE;
          default -> throw new IllegalArgumentException("no '" + arguments.getFirst() + "'");
        };
    List<String> names = new ArrayList<>();
    List<String> lost = new ArrayList<>();
    List<String> edges = new ArrayList<>();
    for (int i = 1; i < arguments.size(); i++) {
      String word = arguments.get(i);
      if (!word.startsWith("-")) {
        names.add(word);
      } else if (!OPTIONS.contains(word) || i + 1 == arguments.size()) {
        throw new IllegalArgumentException(
            OPTIONS.contains(word) ? word + " needs nodes" : "no option '" + word + "'");
      } else {
        List<String> nodes = word.equals("--lost") ? lost : edges;
        nodes.addAll(
            Arrays.stream(arguments.get(++i).split(",")).filter(name -> !name.isBlank()).toList());
      }
    }
    boolean named = action == Action.APPLY || action == Action.ACKNOWLEDGE;
    boolean losing = action == Action.PLAN || action == Action.APPLY;
    if (names.size() != (named ? 1 : 0)) {
      throw new IllegalArgumentException(
          named ? "say which one, and only that" : "unknown: " + String.join(" ", names));
    }
    if (lost.isEmpty() == losing || (!losing && !edges.isEmpty())) {
      throw new IllegalArgumentException(
          losing
              ? "say with --lost which nodes are lost for good"
              : "no nodes are given up by this");
    }
    return new RecoverOptions(action, named ? names.getFirst() : "", lost, edges);
  }
}
