package dev.partita.node.transport;

import java.util.concurrent.atomic.LongAdder;

/// Counts what goes over the connections of a transport. For any thread.
final class Traffic {
  final LongAdder sentBytes = new LongAdder();
  final LongAdder receivedBytes = new LongAdder();
  final LongAdder connects = new LongAdder();
  final LongAdder losses = new LongAdder();
  final LongAdder connectFailures = new LongAdder();
  final LongAdder droppedMessages = new LongAdder();
  final LongAdder refusedRequests = new LongAdder();
  final LongAdder refusedCalls = new LongAdder();
}
