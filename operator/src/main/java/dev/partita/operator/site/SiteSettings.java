package dev.partita.operator.site;

import java.util.Optional;

/// What the operator's configuration says about node pods.
///
/// @param nodeImage image of the node container of Sites that name none, where one is configured
/// @param defaultNodeImage the image for a new Site otherwise; an existing one keeps what it runs,
///   so that a new version of the operator restarts no pod
/// @param httpPort port of the nodes' HTTP API
/// @param peerPort port of the traffic between nodes
/// @param httpsPort port of the nodes' HTTP API by TLS
/// @param priorityClass of node pods, where one is configured
public record SiteSettings(
    Optional<String> nodeImage,
    String defaultNodeImage,
    int httpPort,
    int peerPort,
    int httpsPort,
    Optional<String> priorityClass) {

  /// Without a priority class.
  public SiteSettings(
      Optional<String> nodeImage,
      String defaultNodeImage,
      int httpPort,
      int peerPort,
      int httpsPort) {
    this(nodeImage, defaultNodeImage, httpPort, peerPort, httpsPort, Optional.empty());
  }
}
