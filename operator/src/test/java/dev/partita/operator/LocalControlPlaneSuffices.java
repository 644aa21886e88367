package dev.partita.operator;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// Of a step that would prove nothing more on a real control plane, where each takes seconds: it is
/// about what the operator makes of the nodes' answers, and uses nothing of the control plane that
/// other steps of its suite do not; or another suite does the same there (`ChartIT` upgrades the
/// operator and grows volumes).
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@DisabledIfSystemProperty(
    named = ControlPlane.KUBECONFIG,
    matches = ".+",
    disabledReason = "the local control plane suffices")
@interface LocalControlPlaneSuffices {}
