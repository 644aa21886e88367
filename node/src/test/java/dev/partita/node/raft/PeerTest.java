package dev.partita.node.raft;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PeerTest {

  /// Else a healthy follower looks dead whenever somebody asks right after the leader has counted
  /// its quorum.
  @Test
  void whoWasHeardOfIsNotForgottenWithTheNextCount() {
    Peer peer = new Peer(1, false, RaftSettings.DEFAULT);
    assertThat(peer.heardLately()).isFalse();
    peer.heard();
    peer.forgetActivity();
    assertThat(peer.active()).isFalse();
    assertThat(peer.heardLately()).isTrue();
    peer.forgetActivity();
    assertThat(peer.heardLately()).isFalse();
  }
}
