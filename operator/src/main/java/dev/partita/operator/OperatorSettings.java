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
