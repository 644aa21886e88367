package dev.partita.node.raft;

import java.util.List;

/// How a group that has lost its quorum for good goes on from one replica: the decision of a person
/// who gives up what only the lost members may have, never one of the group itself.
///
/// @param lastIndex where the log of the replica ended when this was decided
/// @param lastTerm the term of that entry
/// @param term of the entries that are appended; far above every term that the lost members may
///   have reached, so that no log of theirs ever counts as newer
/// @param configuration the members from now on: survivors only, the replica one of the voters
/// @param commands appended behind the configuration in the same write, so they are applied before
///   anything that the next leader appends
public record GroupRecovery(
    long lastIndex, long lastTerm, long term, Configuration configuration, List<byte[]> commands) {
  public GroupRecovery {
    commands = List.copyOf(commands);
    if (configuration.joint() || configuration.voters().isEmpty()) {
      throw new IllegalArgumentException("a recovered group has voters and is not joint");
    }
    if (term <= lastTerm) {
      throw new IllegalArgumentException("the term is not above " + lastTerm + ": " + term);
    }
  }
}
