package dev.partita.operator;

import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// The suite on the local control plane.
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class DayTwoTest extends DayTwoSuite {}
