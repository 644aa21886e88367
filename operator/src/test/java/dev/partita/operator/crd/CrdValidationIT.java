package dev.partita.operator.crd;

import dev.partita.operator.ControlPlane;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// The table against a real API server.
@EnabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class CrdValidationIT extends CrdValidation {}
