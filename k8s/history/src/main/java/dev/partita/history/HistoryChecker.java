package dev.partita.history;

import dev.partita.history.History.End;
import dev.partita.history.History.Txn;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Judges whether a [History] is strictly serializable, in the manner of Elle (Kingsbury and
/// Alvaro, VLDB 2020): the lists that were read tell in which order their values were appended, and
/// from that follows which transaction must come before which. With the edges of real time (one was
/// completed before the other was invoked) these must not go in a circle.
public final class HistoryChecker {

  /// Why a transaction comes before another one.
  enum Edge {
    /// Its value stands before the other's in a list.
    WRITE_WRITE,
    /// The other has read its value.
    WRITE_READ,
    /// It has read a list without the other's value.
    READ_WRITE,
    /// It was completed before the other was invoked.
    REAL_TIME
  }

  private record Arrow(int to, Edge edge) {}

  private final List<Txn> txns;
  private final List<String> anomalies = new ArrayList<>();

  /// The transaction that appended each value of each key.
  private final Map<Integer, Map<Integer, Txn>> writers = new HashMap<>();

  private final Map<Integer, List<Integer>> orders = new HashMap<>();

  /// Transactions by number, and behind them the moments at which transactions were completed.
  private final List<List<Arrow>> graph = new ArrayList<>();

  private HistoryChecker(List<Txn> txns) {
    this.txns = txns;
  }

  /// Everything that is wrong with a history, most telling first; empty if nothing is.
  public static List<String> check(History history) {
    var checker = new HistoryChecker(history.txns());
    checker.findWriters();
    checker.findOrders();
    checker.checkReads();
    checker.checkLost();
    checker.drawEdges();
    checker.findCircle();
    return checker.anomalies;
  }

  private void findWriters() {
    for (Txn txn : txns) {
      txn.appends()
          .forEach((key, values) ->
              values.forEach(
                  value -> writers.computeIfAbsent(key, _ -> new HashMap<>()).put(value, txn)));
    }
  }

  /// The longest list that was read of a key has the order of its values.
  private void findOrders() {
    for (Txn txn : txns) {
      if (txn.end() == End.COMMITTED) {
        txn.reads()
            .forEach((key, list) ->
                orders.merge(key, list, (one, other) -> one.size() >= other.size() ? one : other));
      }
    }
  }

  private void checkReads() {
    for (Txn txn : txns) {
      if (txn.end() != End.COMMITTED) {
        continue;
      }
      txn.reads()
          .forEach((key, list) -> {
            List<Integer> order = orders.getOrDefault(key, List.of());
            if (!order.subList(0, list.size()).equals(list)) {
              anomalies.add("two orders of key %d: %s and %s".formatted(key, order, list));
            }
            if (new HashSet<>(list).size() != list.size()) {
              anomalies.add("a value stands twice in key %d: %s".formatted(key, list));
            }
            for (int value : list) {
              Txn writer = writers.getOrDefault(key, Map.of()).get(value);
              if (writer == null) {
                anomalies.add("nobody has written value %d of key %d".formatted(value, key));
              } else if (writer.end() == End.ABORTED) {
                anomalies.add("aborted read (G1a): %s by %s".formatted(writer, txn));
              }
            }
            checkIntermediate(txn, key, list);
          });
    }
  }

  /// Of the values that one transaction appended, a reader sees all or none.
  private void checkIntermediate(Txn txn, int key, List<Integer> list) {
    if (list.isEmpty()) {
      return;
    }
    Txn writer = writers.getOrDefault(key, Map.of()).get(list.getLast());
    if (writer != null && !writer.equals(txn)) {
      List<Integer> values = writer.appends().getOrDefault(key, List.of());
      if (!values.getLast().equals(list.getLast())) {
        anomalies.add("intermediate read (G1b): %s by %s".formatted(writer, txn));
      }
    }
  }

  /// What was committed before somebody began to read the longest list is in it.
  private void checkLost() {
    for (Txn reader : txns) {
      if (reader.end() != End.COMMITTED) {
        continue;
      }
      reader
          .reads()
          .forEach((key, list) -> {
            Set<Integer> seen = new HashSet<>(list);
            writers
                .getOrDefault(key, Map.of())
                .forEach((value, writer) -> {
                  if (writer.end() == End.COMMITTED
                      && writer.completedNanos() < reader.invokedNanos()
                      && !seen.contains(value)) {
                    anomalies.add(
                        "a committed value is not seen by a later read: value %d of key %d, by %s"
                            .formatted(value, key, writer));
                  }
                });
          });
    }
  }

  private void drawEdges() {
    for (int at = 0; at < txns.size(); at++) {
      graph.add(new ArrayList<>());
    }
    orders.forEach((key, order) -> {
      Map<Integer, Txn> byValue = writers.getOrDefault(key, Map.of());
      for (int at = 1; at < order.size(); at++) {
        edge(byValue.get(order.get(at - 1)), byValue.get(order.get(at)), Edge.WRITE_WRITE);
      }
    });
    for (Txn txn : txns) {
      if (txn.end() != End.COMMITTED) {
        continue;
      }
      txn.reads()
          .forEach((key, list) -> {
            Map<Integer, Txn> byValue = writers.getOrDefault(key, Map.of());
            List<Integer> order = orders.getOrDefault(key, List.of());
            if (!list.isEmpty()) {
              edge(byValue.get(list.getLast()), txn, Edge.WRITE_READ);
            }
            if (list.size() < order.size()) {
              edge(txn, byValue.get(order.get(list.size())), Edge.READ_WRITE);
            }
          });
    }
    drawTime();
  }

  private void edge(@Nullable Txn from, @Nullable Txn to, Edge edge) {
    if (from != null && to != null && !from.equals(to)) {
      graph.get(from.number()).add(new Arrow(to.number(), edge));
    }
  }

  /// A chain of moments, one for each completion: a transaction leads to its own, and from the last
  /// moment before a transaction was invoked to it.
  private void drawTime() {
    List<Txn> completed =
        txns.stream()
            .filter(txn -> txn.end() == End.COMMITTED)
            .sorted(Comparator.comparingLong(Txn::completedNanos))
            .toList();
    int first = graph.size();
    for (int at = 0; at < completed.size(); at++) {
      graph.add(new ArrayList<>());
      graph.get(completed.get(at).number()).add(new Arrow(first + at, Edge.REAL_TIME));
      if (at > 0) {
        graph.get(first + at - 1).add(new Arrow(first + at, Edge.REAL_TIME));
      }
    }
    long[] moments = completed.stream().mapToLong(Txn::completedNanos).toArray();
    for (Txn txn : txns) {
      int found = Arrays.binarySearch(moments, txn.invokedNanos());
      int before = found >= 0 ? found - 1 : -found - 2;
      while (before >= 0 && moments[before] >= txn.invokedNanos()) {
        before--;
      }
      if (before >= 0 && txn.end() != End.ABORTED) {
        graph.get(first + before).add(new Arrow(txn.number(), Edge.REAL_TIME));
      }
    }
  }

  private void findCircle() {
    for (List<Integer> component : components()) {
      if (component.size() > 1) {
        anomalies.add(describe(circle(component)));
      }
    }
  }

  /// Strongly connected components, by Tarjan's algorithm without recursion.
  private List<List<Integer>> components() {
    int size = graph.size();
    int[] index = new int[size];
    int[] low = new int[size];
    int[] next = new int[size];
    boolean[] onStack = new boolean[size];
    var stack = new ArrayDeque<Integer>();
    var path = new ArrayDeque<Integer>();
    var found = new ArrayList<List<Integer>>();
    int counter = 0;
    for (int root = 0; root < size; root++) {
      if (index[root] != 0) {
        continue;
      }
      path.push(root);
      while (!path.isEmpty()) {
        int node = path.peek();
        if (index[node] == 0) {
          index[node] = low[node] = ++counter;
          stack.push(node);
          onStack[node] = true;
        }
        if (next[node] < graph.get(node).size()) {
          int to = graph.get(node).get(next[node]++).to();
          if (index[to] == 0) {
            path.push(to);
          } else if (onStack[to]) {
            low[node] = Math.min(low[node], index[to]);
          }
          continue;
        }
        path.pop();
        if (!path.isEmpty()) {
          low[path.peek()] = Math.min(low[path.peek()], low[node]);
        }
        if (low[node] == index[node]) {
          var component = new ArrayList<Integer>();
          int member;
          do {
            member = stack.pop();
            onStack[member] = false;
            component.add(member);
          } while (member != node);
          found.add(component);
        }
      }
    }
    return found;
  }

  private record Way(int from, Edge edge) {}

  /// A shortest circle through a member of a component.
  private List<Arrow> circle(List<Integer> component) {
    Set<Integer> inside = new HashSet<>(component);
    int start = component.stream().filter(node -> node < txns.size()).findFirst().orElseThrow();
    Map<Integer, Way> ways = new HashMap<>();
    var open = new ArrayDeque<Integer>();
    open.add(start);
    while (!open.isEmpty()) {
      int node = open.removeFirst();
      for (Arrow arrow : graph.get(node)) {
        if (!inside.contains(arrow.to()) || ways.containsKey(arrow.to())) {
          continue;
        }
        ways.put(arrow.to(), new Way(node, arrow.edge()));
        if (arrow.to() == start) {
          open.clear();
          break;
        }
        open.add(arrow.to());
      }
    }
    var circle = new ArrayList<Arrow>();
    int node = start;
    do {
      Way way = Objects.requireNonNull(ways.get(node));
      circle.addFirst(new Arrow(node, way.edge()));
      node = way.from();
    } while (node != start);
    return circle;
  }

  private String describe(List<Arrow> circle) {
    var text = new StringBuilder("a circle of " + kind(circle));
    for (Arrow arrow : circle) {
      if (arrow.to() < txns.size()) {
        text.append("\n  -").append(arrow.edge()).append("-> ").append(txns.get(arrow.to()));
      }
    }
    return text.toString();
  }

  /// Adya's name for it.
  private static String kind(List<Arrow> circle) {
    Set<Edge> edges = new HashSet<>();
    circle.forEach(arrow -> edges.add(arrow.edge()));
    long antiDependencies =
        circle.stream().filter(arrow -> arrow.edge() == Edge.READ_WRITE).count();
    String name =
        antiDependencies > 1
            ? "G2"
            : antiDependencies == 1 ? "G-single" : edges.contains(Edge.WRITE_READ) ? "G1c" : "G0";
    return edges.contains(Edge.REAL_TIME) ? name + " with real time" : name;
  }
}
