package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.config.HostPort;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.config.Place;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The certificate that a node is started with.
class NodeCertificateTest {
  @TempDir Path directory;

  private final TestCertificates certificates = new TestCertificates();

  private NodeSettings settings() {
    HostPort address = new HostPort("127.0.0.1", 0);
    return new NodeSettings(
        directory.resolve("data"),
        "n",
        new Place("site", "", "", "", false),
        new NodeSettings.Peer(address, address, List.of(), null),
        address,
        false,
        new NodeSettings.Storage(8 << 20, Duration.ofHours(1)),
        new NodeSettings.Tls(
            directory.resolve("tls"), TestCertificates.REALM, Duration.ofMinutes(1)),
        NodeSettings.Users.NOT_ASKED);
  }

  @Test
  void aNodeStartsWithTheCertificateOfANode() throws IOException {
    certificates.write(directory.resolve("tls"), TestCertificates.NODE);
    try (Node node = Node.start(settings())) {
      assertThat(node.credentials()).isPresent();
    }
  }

  @Test
  void theCertificateOfSomebodyElseIsRefusedAtTheStart() {
    certificates.write(directory.resolve("tls"), TestCertificates.OPERATOR);

    assertThatThrownBy(() -> Node.start(settings()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("partita://db/operator")
        .hasMessageContaining("URI:partita://db/node");
  }

  @Test
  void aMissingCertificateIsRefusedAtTheStart() {
    assertThatThrownBy(() -> Node.start(settings())).isInstanceOf(IOException.class);
  }
}
