package dev.partita.operator.crd;

import dev.partita.operator.ControlPlane;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// The table against the local control plane.
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class CrdValidationTest extends CrdValidation {}
