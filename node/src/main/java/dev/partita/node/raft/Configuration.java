package dev.partita.node.raft;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/// The members of a group. While `outgoingVoters` is not empty the configuration is joint: every
/// decision needs a majority of `voters` and a majority of `outgoingVoters` (Raft thesis, section
/// 4.3). A voter that is being demoted is in `outgoingVoters` and in `learners`.
public record Configuration(Set<NodeId> voters, Set<NodeId> outgoingVoters, Set<NodeId> learners) {

  /// No members at all: what a replica knows before its first snapshot.
  public static final Configuration EMPTY = new Configuration(Set.of(), Set.of(), Set.of());

  private static final byte FORMAT = 1;

  public Configuration {
    voters = sorted(voters);
    outgoingVoters = sorted(outgoingVoters);
    learners = sorted(learners);
    if (!Collections.disjoint(voters, learners)) {
      throw new IllegalArgumentException(
          "a node is both voter and learner: " + voters + ", " + learners);
    }
    if (voters.isEmpty() && !(outgoingVoters.isEmpty() && learners.isEmpty())) {
      throw new IllegalArgumentException("a group needs a voter");
    }
  }

  public static Configuration of(Set<NodeId> voters, Set<NodeId> learners) {
    return new Configuration(voters, Set.of(), learners);
  }

  public boolean joint() {
    return !outgoingVoters.isEmpty();
  }

  public boolean isVoter(NodeId node) {
    return voters.contains(node) || outgoingVoters.contains(node);
  }

  public boolean contains(NodeId node) {
    return isVoter(node) || learners.contains(node);
  }

  /// Every node that gets the log: voters, outgoing voters, learners.
  public Set<NodeId> members() {
    var members = new TreeSet<>(voters);
    members.addAll(outgoingVoters);
    members.addAll(learners);
    return Collections.unmodifiableSortedSet(members);
  }

  /// The configuration after a joint one: the outgoing voters are gone.
  Configuration afterJoint() {
    return new Configuration(voters, Set.of(), learners);
  }

  /// Whether the nodes that satisfy `yes` are a quorum: a majority, in a joint configuration a
  /// majority of each half.
  public boolean isQuorum(Predicate<NodeId> yes) {
    return isMajority(voters, yes) && (outgoingVoters.isEmpty() || isMajority(outgoingVoters, yes));
  }

  /// The highest value that a quorum has reached.
  long quorumValue(ToLongFunction<NodeId> valueOf) {
    long value = majorityValue(voters, valueOf);
    return outgoingVoters.isEmpty()
        ? value
        : Math.min(value, majorityValue(outgoingVoters, valueOf));
  }

  private static boolean isMajority(Set<NodeId> nodes, Predicate<NodeId> yes) {
    int count = 0;
    for (NodeId node : nodes) {
      if (yes.test(node)) {
        count++;
      }
    }
    return count > nodes.size() / 2;
  }

  private static long majorityValue(Set<NodeId> nodes, ToLongFunction<NodeId> valueOf) {
    if (nodes.isEmpty()) {
      return Long.MIN_VALUE;
    }
    long[] values = new long[nodes.size()];
    int next = 0;
    for (NodeId node : nodes) {
      values[next++] = valueOf.applyAsLong(node);
    }
    Arrays.sort(values);
    return values[(values.length - 1) / 2];
  }

  /// The data of a [EntryKind#CONFIGURATION] entry: a format byte, then three lists of ids, each a
  /// varint count and varint ids.
  public byte[] encode() {
    int size = 1 + Varint.size(voters) + Varint.size(outgoingVoters) + Varint.size(learners);
    var out = ByteBuffer.allocate(size);
    encode(out);
    return out.array();
  }

  void encode(ByteBuffer out) {
    out.put(FORMAT);
    Varint.put(out, voters);
    Varint.put(out, outgoingVoters);
    Varint.put(out, learners);
  }

  int encodedSize() {
    return 1 + Varint.size(voters) + Varint.size(outgoingVoters) + Varint.size(learners);
  }

  /// Reads what [#encode] wrote.
  ///
  /// @throws IllegalArgumentException when the bytes are not an encoded configuration
  public static Configuration decode(byte[] data) {
    return decode(ByteBuffer.wrap(data));
  }

  static Configuration decode(ByteBuffer in) {
    if (!in.hasRemaining() || in.get() != FORMAT) {
      throw new IllegalArgumentException("unknown format of a configuration");
    }
    return new Configuration(Varint.getNodes(in), Varint.getNodes(in), Varint.getNodes(in));
  }

  private static Set<NodeId> sorted(Set<NodeId> nodes) {
    return Collections.unmodifiableSortedSet(new TreeSet<>(nodes));
  }

  @Override
  public String toString() {
    return "voters="
        + voters
        + (joint() ? " outgoing=" + outgoingVoters : "")
        + (learners.isEmpty() ? "" : " learners=" + learners);
  }
}
