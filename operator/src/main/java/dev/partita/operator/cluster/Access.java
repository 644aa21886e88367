package dev.partita.operator.cluster;

import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.List;

/// Whether the cluster of a Site can be worked on now.
public sealed interface Access {

  /// It answers.
  record Reached(SiteCluster there) implements Access {}

  /// It does not, or nobody knows yet.
  ///
  /// @param verdict why
  /// @param seen the Site's pods, as they were told of last
  /// @param decided whether that is more than that nobody knows yet
  record Denied(Verdict verdict, List<Pod> seen, boolean decided) implements Access {
    public Denied {
      seen = List.copyOf(seen);
    }
  }
}
