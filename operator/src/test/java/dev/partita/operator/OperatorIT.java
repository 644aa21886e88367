package dev.partita.operator;

import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// The suite on a real Kubernetes control plane, whose runner maps the image `partita/fake-node` to
/// a process that does nothing, such as `sleep infinity`.
@EnabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class OperatorIT extends OperatorSuite {}
