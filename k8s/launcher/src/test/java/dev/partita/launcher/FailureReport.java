package dev.partita.launcher;

import dev.partita.testbed.Shell;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/// Has a failure of a test tell how things stood: what waits for something in vain can only be
/// understood while it still waits.
final class FailureReport
    implements TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {

  private final Supplier<@Nullable Shell> shell;
  private final Supplier<Workspace> workspace;

  /// @param shell that knows the cluster; null before there is one
  /// @param workspace of the local control plane
  FailureReport(Supplier<@Nullable Shell> shell, Supplier<Workspace> workspace) {
    this.shell = shell;
    this.workspace = workspace;
  }

  @Override
  public void handleTestExecutionException(ExtensionContext test, Throwable failure)
      throws Throwable {
    throw withCircumstances(failure);
  }

  @Override
  public void handleAfterEachMethodExecutionException(ExtensionContext test, Throwable failure)
      throws Throwable {
    throw withCircumstances(failure);
  }

  private Throwable withCircumstances(Throwable failure) {
    Shell answers = shell.get();
    if (answers == null) {
      return failure;
    }
    try {
      Shell.Run run = answers.attempt(questions(workspace.get()));
      return new AssertionError(failure.getMessage() + "\n\nThen:\n" + run.output(), failure);
    } catch (IOException e) {
      failure.addSuppressed(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return failure;
  }

  /// Each may fail: the others are answered all the same.
  private static String questions(Workspace logs) {
    return """
    ./partita doctor || true
    kubectl get sites,pods -o wide || true
    for address in $(kubectl get pods -o jsonpath='{.items[*].status.podIP}'); do
      echo "node at $address:"
      curl -s --max-time 5 "http://$address:8080/v1/partitions" || true
      echo
    done
    echo "the operator has said last:"
    tail -n 20 '%s' || true
    for log in '%s'/logs/default/*.log; do
      echo "$log, without requests:"
      grep -v -E ' (pa.audit|io.sm.health) ' "$log" | tail -n 10 || true
    done
    """
        .formatted(logs.operatorLog(), logs.controlPlane());
  }
}
