package dev.partita.operator.rollout;

import dev.partita.crd.Approval;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Which restarts wait for a person, and which of them were approved.
///
/// An approval names a pod and the revision that it shall get, so that it holds for one restart
/// only and never for a later change.
///
/// @param scope which pods wait
/// @param given the approvals
public record Approvals(Approval scope, Set<String> given) {

  /// Annotation of a Site with approvals, separated by commas.
  public static final String ANNOTATION = "partita.dev/approve";

  /// As many digits of a revision as an approval needs to tell it from another one.
  private static final int REVISION_DIGITS = 8;

  public Approvals {
    given = Set.copyOf(given);
  }

  /// Reads the annotation.
  public static Approvals of(Approval scope, @Nullable String annotation) {
    return new Approvals(
        scope,
        annotation == null
            ? Set.of()
            : Arrays.stream(annotation.split(","))
                .map(String::strip)
                .filter(each -> !each.isEmpty())
                .collect(Collectors.toSet()));
  }

  /// What a person writes to approve a restart.
  public static String token(String pod, String revision) {
    return pod + "." + revision.substring(0, Math.min(revision.length(), REVISION_DIGITS));
  }

  /// Whether a pod has to wait.
  ///
  /// @param leads whether it leads any group
  boolean isMissing(RunningPod pod, String revision, boolean leads) {
    boolean needed =
        switch (scope) {
          case None -> false;
          case Leaders -> leads;
          case All -> true;
        };
    return needed && !given.contains(token(pod.name(), revision));
  }
}
