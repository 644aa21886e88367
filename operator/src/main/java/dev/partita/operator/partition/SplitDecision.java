package dev.partita.operator.partition;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.crd.Approval;
import dev.partita.crd.Partition;
import dev.partita.crd.PartitionStatus;
import dev.partita.crd.SplitAdvice;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.repartition.Finding;
import dev.partita.operator.repartition.LoadWindows;
import dev.partita.operator.repartition.SplitFigures;
import dev.partita.operator.repartition.SplitPolicy;
import dev.partita.operator.repartition.SplitRule;
import dev.partita.operator.resource.ContentHash;
import dev.partita.operator.rollout.Approvals;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Pure: what is to become of a Partition by its own rule: whether it is to be split, and whether
/// somebody has to approve that first.
///
/// @param advice what waits for approval, or was approved; null where nothing does
/// @param mayBegin whether it is to be done
record SplitDecision(Finding finding, @Nullable SplitAdvice advice, boolean mayBegin) {

  /// It is to stay as it is.
  static final SplitDecision NONE = new SplitDecision(new Finding.Nothing(), null, false);

  private static final ObjectMapper JSON = new ObjectMapper();

  /// A modulus is doubled at most up to this one.
  private static final int MODULUS_MAX = 65_536;

  /// As many digits of a hash as an approval needs to tell a point from another one.
  private static final int HASH_DIGITS = 8;

  static SplitDecision of(
      Partition partition, PartitionView view, LoadWindows windows, Instant now) {
    if (partition.getSpec().paused()
        || partition.isMarkedForDeletion()
        || view.state() != PartitionView.State.ACTIVE) {
      return NONE;
    }
    SplitRule rule = SplitRule.of(partition.getSpec().split());
    Finding finding = SplitPolicy.decide(rule, figures(view), windows, now);
    if (!(finding instanceof Finding.Due due)) {
      return new SplitDecision(finding, null, false);
    }
    if (rule.automatic()) {
      return new SplitDecision(due, null, true);
    }
    SplitAdvice advice = advice(partition.getStatus(), due, view.epoch());
    return new SplitDecision(due, advice, isApproved(partition, advice));
  }

  private static SplitFigures figures(PartitionView view) {
    PartitionView.SplitPoints points = view.splitPoints();
    JsonNode bounds = view.bounds();
    JsonNode hash = bounds == null ? null : bounds.get("hash");
    boolean divisible =
        bounds != null
            && !bounds.has("columns")
            && (hash == null || hash.path("modulus").asInt() <= MODULUS_MAX / 2);
    return new SplitFigures(
        view.bytes(),
        hash != null,
        divisible,
        view.hotKey() != null,
        points.measured(),
        points.bySize(),
        points.byLoad(),
        points.atEnd());
  }

  /// The advice that stands, unless the range or the reason is another one.
  private static SplitAdvice advice(@Nullable PartitionStatus before, Finding.Due due, long epoch) {
    SplitAdvice standing = before == null ? null : before.splitAdvice();
    if (standing != null
        && standing.reason().equals(due.reason().text())
        && standing.approval().startsWith(prefix(epoch))) {
      return standing;
    }
    String at = due.at() == null ? null : due.at().toString();
    String hash = ContentHash.of(Map.of("at", Objects.requireNonNullElse(at, "")));
    return new SplitAdvice(due.reason().text(), at, prefix(epoch) + hash.substring(0, HASH_DIGITS));
  }

  private static String prefix(long epoch) {
    return "split-" + epoch + "-";
  }

  private static boolean isApproved(Partition partition, SplitAdvice advice) {
    Map<String, String> annotations = partition.getMetadata().getAnnotations();
    return annotations != null
        && Approvals.of(Approval.All, annotations.get(Approvals.ANNOTATION))
            .given()
            .contains(advice.approval());
  }

  /// The first key of the second half; null where a modulus is doubled.
  @Nullable JsonNode at() {
    if (advice == null) {
      return finding instanceof Finding.Due due ? due.at() : null;
    }
    try {
      return advice.at() == null ? null : JSON.readTree(advice.at());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("an advice that is no JSON: " + advice, e);
    }
  }

  /// Where it would be split, for people.
  String where() {
    JsonNode at = at();
    return at == null ? "by doubling its modulus" : "at " + at;
  }
}
