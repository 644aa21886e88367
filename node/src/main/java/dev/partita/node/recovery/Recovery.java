package dev.partita.node.recovery;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCodec;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.CatalogResult;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.RecoveryEntry;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.LocalPartitions;
import dev.partita.node.partition.RecoveryCommands;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.recovery.RecoveryPlan.GroupPlan;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.system.Fence;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transport.Transport;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Plans recoveries and carries them out, on whichever surviving node is asked.
public final class Recovery {
  private static final Logger LOGGER = System.getLogger(Recovery.class.getName());

  /// How long a node may take to tell what it has before it counts as one that does not answer.
  private static final Duration SURVEY_PATIENCE = Duration.ofSeconds(5);

  /// Longer than the node that is asked waits for an election.
  private static final Duration RESTORE_PATIENCE = Duration.ofSeconds(30);

  /// Groups that go on at a time: their elections and first entries share the disks.
  private static final int RESTORED_AT_A_TIME = 64;

  /// How far the system partition's lost leader may have been ahead with timestamps: its window,
  /// and one that was reserved behind another's.
  private static final long WINDOWS_MILLIS = 2 * 3_000;

  /// By how much the clocks of two nodes may differ. What has passed since the loss comes on top.
  private static final long CLOCK_SKEW_MILLIS = 10_000;

  /// Changes that the lost part of the catalog may have seen, each of which has given an id at
  /// most.
  private static final long CHANGES_GAP = 1_000;

  private final NodeId self;
  private final SystemPartition system;
  private final Transport transport;
  private final Fence fence;
  private final Survivor survivor;
  private final Clock clock;

  public Recovery(
      NodeId self,
      SystemPartition system,
      LocalPartitions partitions,
      ReplicationHost host,
      Transport transport,
      Fence fence,
      Clock clock) {
    this.self = self;
    this.system = system;
    this.transport = transport;
    this.fence = fence;
    this.clock = clock;
    this.survivor = new Survivor(self, system, partitions, host, fence, clock);
    survivor.serve(transport);
  }

  /// What came of a plan.
  ///
  /// @param failures by the name of the group; planning and applying again takes them up
  public record Outcome(RecoveryPlan plan, Map<String, String> failures) {}

  private record Inquiry(RecoveryPlan plan, Collection<NodeSurvey> surveys) {}

  /// The newest catalog here, for names.
  public Catalog catalog() {
    return system.catalog();
  }

  /// Looks at all nodes and says what would become of the groups that have lost their quorum, if
  /// these nodes were given up. Changes nothing.
  ///
  /// @param lost ids or names of nodes
  /// @param edges ids or names of nodes at the edge that a group may go on from
  public RecoveryPlan plan(Collection<String> lost, Collection<String> edges) {
    return inquire(lost, edges).plan();
  }

  private Inquiry inquire(Collection<String> lost, Collection<String> edges) {
    if (system.membership().isEmpty()) {
      throw new DatabaseException(
          ErrorCode.NOT_BOOTSTRAPPED, "this node does not belong to a cluster yet");
    }
    Catalog catalog = system.catalog();
    Set<NodeId> givenUp = new HashSet<>(nodes(catalog, lost));
    if (givenUp.contains(self)) {
      throw new DatabaseException(
          ErrorCode.INVALID_REQUEST, "the node that is asked is declared lost: ask another one");
    }
    Map<NodeId, NodeSurvey> surveys = survey(catalog);
    surveys.values().forEach(survey -> givenUp.addAll(survey.excluded()));
    givenUp.addAll(RecoveryEntry.lostIn(catalog));
    return new Inquiry(
        RecoveryPlanner.plan(givenUp, nodes(catalog, edges), surveys.values(), catalog),
        surveys.values());
  }

  private static Set<NodeId> nodes(Catalog catalog, Collection<String> references) {
    return references.stream()
        .flatMap(reference -> named(catalog, reference).stream())
        .collect(Collectors.toSet());
  }

  /// A name may be that of a node that was replaced as well; then only the id tells which is meant.
  /// One that is only that of nodes given up before means these: what was begun with them by this
  /// name is then finished by it.
  private static Set<NodeId> named(Catalog catalog, String reference) {
    List<NodeEntry> meant =
        catalog.nodes().values().stream()
            .filter(entry -> entry.id().toString().equals(reference))
            .toList();
    if (meant.isEmpty()) {
      meant =
          catalog.nodes().values().stream()
              .filter(entry -> entry.name().equals(reference))
              .filter(entry -> catalog.hasMember(entry.id()))
              .toList();
    }
    if (meant.isEmpty()) {
      Set<NodeId> givenUp =
          catalog.nodes().values().stream()
              .filter(entry -> entry.name().equals(reference))
              .map(NodeEntry::id)
              .filter(RecoveryEntry.lostIn(catalog)::contains)
              .collect(Collectors.toSet());
      if (!givenUp.isEmpty()) {
        return givenUp;
      }
    }
    if (meant.size() != 1) {
      throw new DatabaseException(
              ErrorCode.INVALID_REQUEST,
              meant.isEmpty() ? "unknown node" : "several nodes have this name: say their ids")
          .with("node", reference);
    }
    return Set.of(meant.getFirst().id());
  }

  private Map<NodeId, NodeSurvey> survey(Catalog catalog) {
    Map<NodeId, CompletableFuture<byte[]>> asked = new LinkedHashMap<>();
    for (NodeId node : catalog.nodes().keySet()) {
      if (!node.equals(self)) {
        asked.put(node, transport.call(node, Survivor.SURVEY, new byte[0], SURVEY_PATIENCE));
      }
    }
    Map<NodeId, NodeSurvey> surveys = new LinkedHashMap<>();
    surveys.put(self, survivor.survey());
    asked.forEach((node, call) -> {
      byte[] answer = answer(call, SURVEY_PATIENCE);
      if (answer != null) {
        surveys.put(node, CatalogCodec.decode(answer, NodeSurvey.class));
      }
    });
    return surveys;
  }

  /// Null when there is none.
  private static byte @Nullable [] answer(CompletableFuture<byte[]> call, Duration patience) {
    try {
      return call.get(2 * patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOGGER.log(Level.DEBUG, "A node did not answer: {0}", e.toString());
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "the recovery was interrupted", e);
    }
  }

  /// Carries out a plan: the same nodes, and everything as it was when it was made. What has failed
  /// for a group leaves that group as it was.
  ///
  /// @throws DatabaseException when a node that is declared lost answers, one that is not does not,
  ///   nothing has lost its quorum, or anything has changed since the plan; nothing was changed
  ///   then
  public Outcome apply(
      String planId, Collection<String> lost, Collection<String> edges, Deadline deadline) {
    Inquiry inquiry = inquire(lost, edges);
    RecoveryPlan plan = inquiry.plan();
    if (!plan.refusals().isEmpty()) {
      throw new DatabaseException(ErrorCode.REFUSED, "the recovery is refused")
          .with("reason", String.join("; ", plan.refusals()));
    }
    if (!plan.id().equals(planId)) {
      throw new DatabaseException(
              ErrorCode.REFUSED,
              "the nodes are not as they were when the plan was made: make another")
          .with("plan", planId)
          .with("now", plan.id());
    }
    LOGGER.log(Level.WARNING, "Recovery {0} begins; given up are {1}", plan.id(), plan.lost());
    keepOut(plan);
    Map<String, String> failures = new LinkedHashMap<>();
    restoreSystem(inquiry, failures, deadline);
    if (failures.isEmpty()) {
      restorePartitions(plan, failures);
    }
    LOGGER.log(Level.WARNING, "Recovery {0} has ended; failures: {1}", plan.id(), failures);
    return new Outcome(plan, failures);
  }

  private void keepOut(RecoveryPlan plan) {
    byte[] exclusion = CatalogCodec.encode(new Survivor.Exclusion(plan.lost()));
    Map<NodeId, CompletableFuture<byte[]>> calls = new LinkedHashMap<>();
    plan.survivors()
        .forEach(node ->
            calls.put(node, transport.call(node, Survivor.FENCE, exclusion, RESTORE_PATIENCE)));
    calls.forEach((node, call) -> {
      if (answer(call, RESTORE_PATIENCE) == null) {
        throw new DatabaseException(
                ErrorCode.UNAVAILABLE,
                "a node did not confirm that it keeps out the lost ones; no group was changed")
            .with("node", node);
      }
    });
  }

  private void restoreSystem(Inquiry inquiry, Map<String, String> failures, Deadline deadline) {
    RecoveryPlan plan = inquiry.plan();
    GroupPlan first = plan.groups().getFirst();
    boolean lostQuorum = first.group() == GroupId.SYSTEM.value();
    CatalogCommand recorded = recorded(inquiry, lostQuorum);
    if (lostQuorum) {
      String failure = outcome(restore(first, List.of(CatalogCodec.encode(recorded))));
      if (!failure.isEmpty()) {
        failures.put(first.name(), failure);
      }
    } else if (system.propose(recorded, deadline) instanceof CatalogResult.Refused refused) {
      throw new DatabaseException(ErrorCode.REFUSED, refused.message())
          .with("subject", refused.subject());
    }
  }

  private CatalogCommand recorded(Inquiry inquiry, boolean lostQuorum) {
    RecoveryPlan plan = inquiry.plan();
    var entry =
        new RecoveryEntry(
            plan.id(),
            clock.wallMillis(),
            plan.lost().stream().sorted().toList(),
            plan.groups().stream()
                .map(group ->
                    new RecoveryEntry.Recovered(
                        group.group(), group.name(), group.kept(), group.lastIndex(), group.loss()))
                .toList(),
            false);
    if (!lostQuorum) {
      return new CatalogCommand.RecordRecovery(entry, Timestamp.MIN, 0, 0);
    }
    long highest =
        inquiry.surveys().stream()
            .flatMap(survey -> survey.replicas().stream())
            .mapToLong(NodeSurvey.ReplicaSurvey::group)
            .max()
            .orElse(0);
    Catalog known = catalog();
    return new CatalogCommand.RecordRecovery(
        entry,
        handedOut(inquiry.surveys()),
        Math.max(highest, known.nextId()) + CHANGES_GAP,
        known.revision() + CHANGES_GAP);
  }

  /// Above everything that the lost leader of the system partition may have handed out.
  private Timestamp handedOut(Collection<NodeSurvey> surveys) {
    Timestamp seen =
        surveys.stream()
            .flatMap(survey ->
                Stream.concat(
                    Stream.of(survey.window()),
                    survey.replicas().stream().map(NodeSurvey.ReplicaSurvey::latest)))
            .reduce(Timestamp.ofMillis(clock.wallMillis()), Timestamp::later);
    return Timestamp.ofMillis(seen.millis() + WINDOWS_MILLIS + CLOCK_SKEW_MILLIS);
  }

  private void restorePartitions(RecoveryPlan plan, Map<String, String> failures) {
    List<GroupPlan> left = new ArrayList<>(plan.groups());
    left.removeIf(group -> group.group() == GroupId.SYSTEM.value());
    for (int from = 0; from < left.size(); from += RESTORED_AT_A_TIME) {
      Map<String, CompletableFuture<byte[]>> calls = new LinkedHashMap<>();
      left.subList(from, Math.min(left.size(), from + RESTORED_AT_A_TIME))
          .forEach(group ->
              calls.put(
                  group.name(),
                  restore(group, List.of(RecoveryCommands.epochAbove(group.epoch())))));
      calls.forEach((name, call) -> {
        String failure = outcome(call);
        if (!failure.isEmpty()) {
          failures.put(name, failure);
        }
      });
    }
  }

  private CompletableFuture<byte[]> restore(GroupPlan group, List<byte[]> commands) {
    var restoration =
        new Survivor.Restoration(
            group.group(),
            group.lastIndex(),
            group.lastTerm(),
            group.term(),
            Configuration.of(group.voters(), group.learners()),
            commands);
    return transport.call(
        group.kept(), Survivor.RESTORE, CatalogCodec.encode(restoration), RESTORE_PATIENCE);
  }

  /// Empty if the group goes on.
  private static String outcome(CompletableFuture<byte[]> call) {
    byte[] answer = answer(call, RESTORE_PATIENCE);
    return answer == null
        ? "its node did not answer"
        : CatalogCodec.decode(answer, Survivor.Restored.class).failure();
  }

  /// Notes that a person has seen to what a recovery may have lost.
  ///
  /// @throws DatabaseException when there was no such recovery
  public void acknowledge(String id, Deadline deadline) {
    if (system.propose(new CatalogCommand.AcknowledgeRecovery(id), deadline)
        instanceof CatalogResult.Refused refused) {
      throw new DatabaseException(ErrorCode.NOT_FOUND, refused.message()).with("recovery", id);
    }
  }

  /// The nodes that this one keeps out.
  public Set<NodeId> excluded() {
    return fence.excluded();
  }
}
