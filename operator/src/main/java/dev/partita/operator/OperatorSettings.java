package dev.partita.operator;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/// The operator's own configuration, `partita.operator.*`.
@ConfigMapping(prefix = "partita.operator")
public interface OperatorSettings {

  /// Image of node pods; without it a new Site gets the default image, and an existing one keeps
  /// its own.
  Optional<String> nodeImage();

  /// Image of the pods of a new Site; that of this version when absent.
  Optional<String> defaultNodeImage();

  /// Priority class of node pods.
  Optional<String> nodePriorityClass();

  /// Port of the nodes' HTTP API.
  @WithDefault("8080")
  int httpPort();

  /// Port of the nodes' HTTP API by TLS.
  @WithDefault("8443")
  int httpsPort();

  /// How long the operator's own certificate authorities are valid; replaced at two thirds of it.
  @WithDefault("P3650D")
  Duration authorityLife();

  /// How long the certificates that they issue are valid; renewed at two thirds of it.
  @WithDefault("P90D")
  Duration certificateLife();

  /// How long a new authority is trusted before it signs, and an old one after it has signed.
  @WithDefault("P1D")
  Duration authorityOverlap();

  /// Port of the traffic between nodes.
  @WithDefault("7000")
  int peerPort();

  /// How often the nodes of a namespace are observed.
  @WithDefault("1S")
  Duration pollInterval();

  /// How often figures that move under load may change a status.
  @WithDefault("10S")
  Duration figuresInterval();

  /// Whether to take part in the election of one working operator among several.
  @WithDefault("false")
  boolean leaderElection();
}
