package dev.partita.node.raft;

import java.util.ArrayList;
import java.util.List;

/// Messages that wait to be taken.
final class Outbox {

  private List<Message> atOnce = new ArrayList<>();
  private List<Message> afterPersist = new ArrayList<>();

  void send(Message message) {
    atOnce.add(message);
  }

  /// Sends when everything that is unwritten or under way now is durable.
  void sendAfterPersist(Message message) {
    afterPersist.add(message);
  }

  boolean isEmpty() {
    return atOnce.isEmpty() && afterPersist.isEmpty();
  }

  List<Message> takeAtOnce() {
    var taken = atOnce;
    atOnce = new ArrayList<>();
    return taken;
  }

  List<Message> takeAfterPersist() {
    var taken = afterPersist;
    afterPersist = new ArrayList<>();
    return taken;
  }
}
