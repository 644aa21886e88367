package dev.partita.node.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NodeSettingsTest {

  @Test
  void readsTheEnvironment() {
    NodeSettings settings =
        NodeSettings.ofEnvironment(
            Map.ofEntries(
                Map.entry("PARTITA_DATA", "/data"),
                Map.entry("PARTITA_NAME", "s-0"),
                Map.entry("PARTITA_SITE", "aws"),
                Map.entry("PARTITA_EDGE", "true"),
                Map.entry("PARTITA_PEER_ADVERTISED", "s-0.aws.db.svc:7000"),
                Map.entry("PARTITA_SEEDS", "a:1, [::1]:2,"),
                Map.entry("PARTITA_CACHE_SIZE", "128Mi"),
                Map.entry("PARTITA_MEMTABLE_SIZE", "4Mi"),
                Map.entry("PARTITA_LOG_SIZE", "96Mi"),
                Map.entry("PARTITA_BACKGROUND_RATE", "50Mi"),
                Map.entry("PARTITA_RETENTION", "PT2H"),
                Map.entry("PARTITA_HOSTS_FILE", "/hosts")));
    assertThat(settings.data()).isEqualTo(Path.of("/data"));
    assertThat(settings.place()).isEqualTo(new Place("aws", "", "", "", true));
    assertThat(settings.peer())
        .isEqualTo(
            new NodeSettings.Peer(
                new HostPort("0.0.0.0", 7000),
                new HostPort("s-0.aws.db.svc", 7000),
                List.of(new HostPort("a", 1), new HostPort("::1", 2)),
                Path.of("/hosts")));
    assertThat(settings.httpAdvertised()).isEqualTo(new HostPort("s-0.aws.db.svc", 8080));
    assertThat(settings.storage())
        .isEqualTo(
            new NodeSettings.Storage(128 << 20, 4 << 20, 96 << 20, 50 << 20, Duration.ofHours(2)));
    assertThat(settings.dev()).isFalse();
    assertThat(settings.tls()).isNull();
    assertThat(settings.users()).isEqualTo(new NodeSettings.Users(true, null));
  }

  @Test
  void certificatesAndUsersAreRead() {
    NodeSettings settings =
        NodeSettings.ofEnvironment(
            Map.of(
                "PARTITA_TLS_DIRECTORY", "/tls",
                "PARTITA_TLS_REALM", "db",
                "PARTITA_AUTHENTICATION", "disabled",
                "PARTITA_ADMINISTRATOR_DIRECTORY", "/admin"));
    assertThat(settings.tls())
        .isEqualTo(new NodeSettings.Tls(Path.of("/tls"), "db", Duration.ofSeconds(10)));
    assertThat(settings.users()).isEqualTo(new NodeSettings.Users(false, Path.of("/admin")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NodeSettings.ofEnvironment(Map.of("PARTITA_AUTHENTICATION", "no")))
        .withMessageContaining("partita.authentication");
  }

  @Test
  void onlyANodeThatFoundsItsOwnClusterAsksNobodyByDefault() {
    assertThat(NodeSettings.ofEnvironment(Map.of("PARTITA_DEV", "true")).users().required())
        .isFalse();
  }

  @Test
  void whatIsMalformedIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NodeSettings.ofEnvironment(Map.of("PARTITA_PEER_PORT", "many")))
        .withMessageContaining("partita.peer.port")
        .withMessageContaining("many");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NodeSettings.ofEnvironment(Map.of("PARTITA_BACKGROUND_RATE", "1023Ki")))
        .withMessageContaining("1 MiB/s");
  }
}
