package dev.partita.node.raft;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Decides whether a history of registers is linearizable: whether each operation can be given a
/// moment between its call and its return, so that all reads see the last write before them.
/// Registers are independent (Herlihy and Wing, locality), so each key is searched alone.
///
/// The search is that of Wing and Gong with the memory of Lowe ("Testing for linearizability",
/// 2017), as in Porcupine: walk the calls and returns in order of time; take a call whose effect is
/// possible now out of the list and begin again; at a return whose call was not taken, go back.
/// States that were reached before with the same set of operations are not entered again.
public final class LinearizabilityChecker {

  /// A call or a return in a doubly linked list, ordered by time.
  private static final class Node {
    final Operation operation;
    final int number;
    final @Nullable Node partner;
    @Nullable Node previous;
    @Nullable Node next;

    /// @param partner of a call: its return; null for a return
    Node(Operation operation, int number, @Nullable Node partner) {
      this.operation = operation;
      this.number = number;
      this.partner = partner;
    }
  }

  private record Visited(BitSet taken, long value) {}

  private record Step(Node call, long valueBefore) {}

  private LinearizabilityChecker() {}

  /// The keys whose histories are not linearizable.
  public static Set<Integer> violations(List<Operation> history) {
    Map<Integer, List<Operation>> byKey =
        history.stream()
            .collect(Collectors.groupingBy(Operation::key, TreeMap::new, Collectors.toList()));
    return byKey.entrySet().stream()
        .filter(entry -> !isLinearizable(entry.getValue()))
        .map(Map.Entry::getKey)
        .collect(Collectors.toSet());
  }

  private static boolean isLinearizable(List<Operation> operations) {
    Node head = link(operations);
    int pendingReturns =
        (int)
            operations.stream()
                .filter(operation -> operation.returnedNanos() != Operation.NEVER)
                .count();
    var taken = new BitSet();
    var visited = new HashSet<Visited>();
    var steps = new ArrayDeque<Step>();
    long value = 0;
    Node at = head.next;
    while (pendingReturns > 0) {
      if (at == null) {
        throw new IllegalStateException("returns are left, but the list has ended");
      }
      if (at.partner != null) {
        Operation operation = at.operation;
        boolean possible = operation.kind() == Operation.Kind.WRITE || operation.value() == value;
        if (possible && enter(visited, taken, at.number, operation.value())) {
          steps.push(new Step(at, value));
          value = operation.value();
          pendingReturns -= operation.returnedNanos() == Operation.NEVER ? 0 : 1;
          unlink(at);
          unlink(at.partner);
          at = head.next;
        } else {
          at = at.next;
        }
      } else {
        if (steps.isEmpty()) {
          return false;
        }
        Step step = steps.pop();
        Node call = step.call();
        taken.clear(call.number);
        value = step.valueBefore();
        pendingReturns += call.operation.returnedNanos() == Operation.NEVER ? 0 : 1;
        relink(Objects.requireNonNull(call.partner));
        relink(call);
        at = call.next;
      }
    }
    return true;
  }

  /// Adds the operation to those taken, unless that leads where the search was before.
  private static boolean enter(Set<Visited> visited, BitSet taken, int number, long value) {
    taken.set(number);
    if (visited.add(new Visited((BitSet) taken.clone(), value))) {
      return true;
    }
    taken.clear(number);
    return false;
  }

  private static Node link(List<Operation> operations) {
    record Timed(long nanos, boolean call, Node node) {}
    var timed = new ArrayList<Timed>();
    int number = 0;
    for (Operation operation : operations) {
      var returned = new Node(operation, number, null);
      timed.add(new Timed(operation.returnedNanos(), false, returned));
      timed.add(new Timed(operation.invokedNanos(), true, new Node(operation, number, returned)));
      number++;
    }
    // At equal times calls come first: operations that touch count as concurrent.
    timed.sort(
        Comparator.comparingLong(Timed::nanos)
            .thenComparing(Timed::call, Comparator.reverseOrder()));
    var head = new Node(operations.getFirst(), -1, null);
    Node last = head;
    for (Timed next : timed) {
      last.next = next.node();
      next.node().previous = last;
      last = next.node();
    }
    return head;
  }

  private static void unlink(Node node) {
    if (node.previous != null) {
      node.previous.next = node.next;
    }
    if (node.next != null) {
      node.next.previous = node.previous;
    }
  }

  private static void relink(Node node) {
    if (node.previous != null) {
      node.previous.next = node;
    }
    if (node.next != null) {
      node.next.previous = node;
    }
  }
}
