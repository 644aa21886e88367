package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.operator.cluster.SiteCluster;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.resource.Labels;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Marks the volume claims on which a replica votes, so that an admission policy can refuse to
/// delete them: losing one takes a vote from a quorum.
final class VoterMarks {

  private static final String MARKED = "true";

  private final SiteCluster there;

  VoterMarks(SiteCluster there) {
    this.there = there;
  }

  /// Makes the marks say what the cluster says. A node that was removed for ever votes nowhere.
  void write(Site site, ClusterView cluster) {
    Set<String> voting = votingClaims(site.getMetadata().getName(), cluster);
    there.objects(PersistentVolumeClaim.class).stream()
        .filter(claim -> claim.getMetadata().getDeletionTimestamp() == null)
        .filter(claim -> isMarked(claim) != voting.contains(claim.getMetadata().getName()))
        .forEach(claim -> mark(claim, voting.contains(claim.getMetadata().getName())));
  }

  static Set<String> votingClaims(String site, ClusterView cluster) {
    Set<String> nodeIds =
        Stream.concat(
                cluster.partitions().stream()
                    .flatMap(partition -> partition.voters().stream())
                    .map(ReplicaView::nodeId),
                cluster.nodes().stream()
                    .filter(node -> node.systemMember() == MemberView.SystemRole.VOTER)
                    .map(MemberView::nodeId))
            .collect(Collectors.toUnmodifiableSet());
    return cluster.nodes().stream()
        .filter(node -> node.site().equals(site))
        .filter(node -> node.state() != MemberView.State.GONE)
        .filter(node -> nodeIds.contains(node.nodeId()))
        .map(node -> SiteObjects.DATA + "-" + node.name())
        .collect(Collectors.toUnmodifiableSet());
  }

  private static boolean isMarked(PersistentVolumeClaim claim) {
    Map<String, String> annotations = claim.getMetadata().getAnnotations();
    return annotations != null && MARKED.equals(annotations.get(Labels.VOTER));
  }

  private void mark(PersistentVolumeClaim claim, boolean votes) {
    there
        .client()
        .resource(claim)
        .edit(each -> {
          Map<String, String> annotations = new HashMap<>();
          if (each.getMetadata().getAnnotations() != null) {
            annotations.putAll(each.getMetadata().getAnnotations());
          }
          if (votes) {
            annotations.put(Labels.VOTER, MARKED);
          } else {
            annotations.remove(Labels.VOTER);
          }
          each.getMetadata().setAnnotations(annotations);
          return each;
        });
  }
}
