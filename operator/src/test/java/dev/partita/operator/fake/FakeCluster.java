package dev.partita.operator.fake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.operator.placement.LeaderBalance;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The catalog of a data plane in memory, with its operations as state machines that advance by one
/// step each time the state is read. Thread-safe by one lock.
///
/// It keeps the rules that an operator can run into: a node is bootstrapped once, bounds do not
/// overlap, one operation on a Partition at a time, a node with replicas is not removed, no group
/// ever loses its last caught-up replica.
public final class FakeCluster {

  /// An answer in HTTP.
  public record Response(int status, JsonNode body) {}

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, FakeMember> members = new LinkedHashMap<>();
  private final Map<String, FakePartition> partitions = new TreeMap<>();
  private final Map<String, ObjectNode> indexes = new TreeMap<>();
  private final Map<String, FakeOperation> operations = new LinkedHashMap<>();
  private final Map<String, ObjectNode> requests = new LinkedHashMap<>();
  private final Map<String, String> answers = new HashMap<>();
  private final List<String> bootstraps = new ArrayList<>();
  private final Set<String> founders = new LinkedHashSet<>();
  private final List<String> operationLog = new ArrayList<>();
  private final Map<String, Boolean> removedAlive = new HashMap<>();
  private String clusterId = "";
  private String systemLeader = "";
  private long revision;

  /// What is known of Partitions that may be made.
  private final Map<String, FakePartition> futures = new HashMap<>();

  /// Trees of dropped Partitions whose rows are on disk.
  private final Map<String, List<FakePartition>> retained = new TreeMap<>();

  private final Map<String, FakePlace> places = new HashMap<>();
  private boolean movesHeld;
  private int mostTransfersAtOnce;
  private long nextId;
  private int writes;
  private int stateReads;
  private final FakeSplits splits =
      new FakeSplits(partitions, operations, () -> ++nextId, id -> member(id).alive);

  /// A node of the cluster, or one that wants to be.
  private static final class FakeMember {
    private final String id;
    private final String name;
    private final String site;
    private String state = "Active";
    private boolean alive = true;
    private boolean joined;

    private FakeMember(String id, String name, String site) {
      this.id = id;
      this.name = name;
      this.site = site;
    }
  }

  // ------------------------------------------------------------------------------------------------ what tests see

  /// How often anything was changed through the API.
  public synchronized int writes() {
    return writes;
  }

  /// How often the state was read.
  public synchronized int stateReads() {
    return stateReads;
  }

  /// The members that were told to found a cluster, and with what: one entry for each first time.
  public synchronized List<String> bootstraps() {
    return List.copyOf(bootstraps);
  }

  /// Every operation ever started, as `kind:subject:remove>add`.
  public synchronized List<String> operationLog() {
    return List.copyOf(operationLog);
  }

  /// Names of the nodes that hold a replica of a Partition, sorted.
  public synchronized List<String> replicas(String partition) {
    FakePartition found = partitions.get(partition);
    return found == null
        ? List.of()
        : found.caughtUpByNode.keySet().stream().map(id -> member(id).name).sorted().toList();
  }

  /// Names of the nodes that hold a copy of a Partition that does not vote, sorted; empty where
  /// there is no such Partition.
  public synchronized List<String> copies(String partition) {
    FakePartition found = partitions.get(partition);
    return found == null
        ? List.of()
        : found.learners.stream().map(id -> member(id).name).sorted().toList();
  }

  /// Name of the node that leads a Partition, empty where none does.
  public synchronized String leaderOf(String partition) {
    FakePartition found = partitions.get(partition);
    return found == null || found.leader.isEmpty() ? "" : member(found.leader).name;
  }

  /// The epoch of a Partition.
  public synchronized long epoch(String partition) {
    return Objects.requireNonNull(partitions.get(partition)).epoch;
  }

  /// Cuts the line to the nodes of a Site, which run on, or brings it back.
  public synchronized void cut(String site, boolean cut) {
    members.values().stream()
        .filter(member -> member.site.equals(site) && !member.state.equals("Gone"))
        .forEach(member -> member.alive = !cut);
    partitions.values().forEach(this::elect);
    revision++;
  }

  /// Number of replicas by node name, of the nodes that are not gone.
  public synchronized Map<String, Integer> load() {
    Map<String, Integer> load = new TreeMap<>();
    members.values().stream()
        .filter(member -> member.joined && !member.state.equals("Gone"))
        .forEach(member -> load.merge(member.name, replicasOn(member.id), Integer::sum));
    return load;
  }

  /// Number of Partitions led by node name, of the nodes that are not gone.
  public synchronized Map<String, Integer> leaders() {
    Map<String, Integer> leaders = new TreeMap<>();
    members.values().stream()
        .filter(member -> member.joined && !member.state.equals("Gone"))
        .forEach(member ->
            leaders.merge(
                member.name,
                (int)
                    partitions.values().stream()
                        .filter(each -> !each.isSplit() && each.leader.equals(member.id))
                        .count(),
                Integer::sum));
    return leaders;
  }

  /// Whether no leader has to go elsewhere. Of that the operator may know before it acts: it waits
  /// until nodes have been alive for a while.
  public synchronized boolean areLeadersEven() {
    List<String> takers =
        members.values().stream()
            .filter(member -> member.joined && member.alive && member.state.equals("Active"))
            .filter(member -> !isEdge(member.id))
            .map(member -> member.id)
            .toList();
    List<LeaderBalance.Group> groups =
        partitions.values().stream()
            .filter(each -> !each.isSplit() && !each.leader.isEmpty())
            .map(each -> {
              List<String> successors =
                  each.caughtUpByNode.entrySet().stream()
                      .filter(replica -> replica.getValue() && member(replica.getKey()).alive)
                      .map(Map.Entry::getKey)
                      .filter(id -> !each.learners.contains(id) && !id.equals(each.leader))
                      .toList();
              return new LeaderBalance.Group(each.name, each.leader, successors, 0);
            })
            .toList();
    return new LeaderBalance(takers, groups).next().isEmpty();
  }

  /// Has one node lead every Partition that it has a replica of, as after a failure of the others.
  public synchronized void leadEverything(String name) {
    String id = idsOf(name).getFirst();
    partitions.values().stream()
        .filter(each -> each.caughtUpByNode.containsKey(id))
        .forEach(each -> each.leader = id);
    revision++;
  }

  /// The most transfers of leaders that ran at a time.
  public synchronized int mostTransfersAtOnce() {
    return mostTransfersAtOnce;
  }

  /// Ids of the nodes of that name that are not gone.
  public synchronized List<String> idsOf(String name) {
    return members.values().stream()
        .filter(member -> member.name.equals(name) && member.joined && !member.state.equals("Gone"))
        .map(member -> member.id)
        .toList();
  }

  public synchronized Set<String> partitions() {
    return Set.copyOf(partitions.keySet());
  }

  public synchronized Set<String> indexes() {
    return Set.copyOf(indexes.keySet());
  }

  /// A client's wish for a custom resource.
  public synchronized void request(
      String id, String action, String kind, String name, String spec) {
    ObjectNode request = JSON.createObjectNode();
    request.put("id", id).put("action", action).put("kind", kind).put("name", name);
    request.set("spec", parse(spec));
    requests.put(id, request);
    revision++;
  }

  /// What the operator has answered: `state: message`.
  public synchronized String answer(String requestId) {
    return answers.getOrDefault(requestId, "");
  }

  /// Load on a Partition.
  public synchronized void figures(String partition, long rows, double operationsPerSecond) {
    FakePartition found = Objects.requireNonNull(partitions.get(partition));
    found.rows = rows;
    found.operationsPerSecond = operationsPerSecond;
  }

  /// The size that a Partition has as soon as it is there.
  public synchronized void willHave(String partition, long bytes, String splitPoints) {
    FakePartition future = new FakePartition("", partition, JSON.createObjectNode(), "");
    future.bytes = bytes;
    future.splitPoints = splitPoints;
    futures.put(partition, future);
  }

  /// The size of a Partition, and what its leader says about where it could be split.
  public synchronized void size(String partition, long bytes, String splitPoints) {
    FakePartition found = Objects.requireNonNull(partitions.get(partition));
    found.bytes = bytes;
    found.splitPoints = splitPoints;
  }

  /// The key of a Partition that takes most requests, null for none.
  public synchronized void hotKey(String partition, @Nullable String key) {
    Objects.requireNonNull(partitions.get(partition)).hotKey = key;
  }

  /// Whether the pod of a node still ran when the cluster had forgotten the node.
  public synchronized boolean wasAliveWhenRemoved(String name) {
    return removedAlive.getOrDefault(name, false);
  }

  /// Whether any operation is recorded.
  public synchronized boolean isQuiet() {
    return operations.isEmpty();
  }

  /// The nodes that are not gone, by name, with their states.
  public synchronized Map<String, String> states() {
    Map<String, String> states = new TreeMap<>();
    members.values().stream()
        .filter(member -> member.joined && !member.state.equals("Gone"))
        .forEach(member -> states.merge(member.name, member.state, (one, two) -> one + "+" + two));
    return states;
  }

  /// Names of the dropped Partitions whose rows are still on disk.
  public synchronized Set<String> retainedRows() {
    return retained.keySet().stream()
        .map(key -> key.substring(0, key.indexOf(' ')))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// Stops all moves of replicas where they are, or lets them go on.
  public synchronized void holdMoves(boolean held) {
    movesHeld = held;
  }

  /// Says of a replica that it lags behind, or no longer.
  public synchronized void lag(String partition, String node, boolean lags) {
    String id = idsOf(node).getFirst();
    Objects.requireNonNull(partitions.get(partition)).caughtUpByNode.replace(id, !lags);
  }

  /// Has a Partition split, as somebody does who asks the nodes for it.
  public synchronized void split(String id, String partition, String at) {
    ObjectNode spec = JSON.createObjectNode();
    spec.put("kind", "SplitPartition").put("partition", partition).set("at", parse(at));
    Response response = putOperation(id, spec);
    if (response.status() != 200) {
      throw new IllegalArgumentException(response.body().toString());
    }
    revision++;
  }

  /// Has the parts of a Partition merged, as somebody does who asks the nodes for it.
  public synchronized void merge(String id, String partition) {
    ObjectNode spec = JSON.createObjectNode();
    spec.put("kind", "MergePartitions").put("partition", partition);
    Response response = putOperation(id, spec);
    if (response.status() != 200) {
      throw new IllegalArgumentException(response.body().toString());
    }
    revision++;
  }

  /// Has merges given up, or no longer.
  public synchronized void failMerges(boolean fail) {
    splits.failMerges(fail);
  }

  /// Refuses the merges of the parts of these Partitions only.
  public synchronized void refuseMerges(Set<String> wholes) {
    splits.refuseMerges(wholes);
  }

  /// Somebody has seen how his operation has ended.
  public synchronized void forget(String operation) {
    operations.remove(operation);
    revision++;
  }

  /// Names of the Partitions that one was split into, which is their order.
  public synchronized List<String> parts(String partition) {
    return partitions.values().stream()
        .filter(each -> each.parent.equals(partition))
        .map(each -> each.name)
        .toList();
  }

  /// The state of a Partition, empty where there is none.
  public synchronized String stateOf(String partition) {
    FakePartition found = partitions.get(partition);
    return found == null ? "" : found.state;
  }

  /// Whether a replica of the Partition is being moved.
  public synchronized boolean isMoving(String partition) {
    return operations.values().stream()
        .anyMatch(operation ->
            operation.state.equals("Running")
                && operation.text("kind").equals("MoveReplica")
                && operation.text("partition").equals(partition));
  }

  // ----------------------------------------------------------------------------------------------
  // what nodes report

  /// The nodes of a Site say where they are.
  synchronized void told(String site, FakePlace place) {
    places.put(site, place);
  }

  synchronized void started(String id, String name, String site) {
    FakeMember member = members.computeIfAbsent(id, _ -> new FakeMember(id, name, site));
    member.alive = true;
    partitions.values().forEach(this::elect);
    revision++;
  }

  synchronized void stopped(String id) {
    member(id).alive = false;
    partitions.values().forEach(this::elect);
    if (systemLeader.equals(id)) {
      systemLeader = anyAlive();
    }
    revision++;
  }

  // ---------------------------------------------------------------------------------------------------- the HTTP API

  /// Refuses a request that means another cluster or, unlike a real node, none although there is
  /// one: the operator always says.
  synchronized Optional<Response> misdirected(String nodeId, String path, String meant) {
    boolean member = !clusterId.isEmpty() && member(nodeId).joined;
    boolean founding = path.equals("node") || path.equals("bootstrap");
    return !member || meant.equals(clusterId) || (meant.isEmpty() && founding)
        ? Optional.empty()
        : Optional.of(new Response(421, problem(421, "WRONG_CLUSTER", "not " + meant, "")));
  }

  synchronized Response handle(
      String nodeId, String method, String path, JsonNode body, String query) {
    joinIfFounded();
    String[] parts = path.split("/", -1);
    String name = parts.length > 1 ? parts[1] : "";
    boolean hasCluster = !clusterId.isEmpty() && member(nodeId).joined;
    if (!method.equals("GET")) {
      writes++;
    }
    if (parts[0].equals("node")) {
      return ok(node(nodeId));
    }
    if (parts[0].equals("bootstrap")) {
      return bootstrap(nodeId, body);
    }
    if (!hasCluster || !hasQuorum()) {
      return new Response(
          503, problem(503, "UNAVAILABLE", "the system partition has no leader", ""));
    }
    revision++;
    return switch (method + " " + parts[0]) {
      case "GET state" -> state();
      case "PUT partitions" -> putPartition(name, body);
      case "DELETE partitions" -> deletePartition(name, query);
      case "PUT indexes" -> putIndex(name, body);
      case "DELETE indexes" -> deleteIndex(name);
      case "PUT operations" -> putOperation(name, body);
      case "DELETE operations" -> deleteOperation(name);
      case "PUT requests" -> answerRequest(name, body);
      default -> new Response(404, problem(404, "NOT_FOUND", method + " " + path, ""));
    };
  }

  private ObjectNode node(String nodeId) {
    FakeMember member = member(nodeId);
    ObjectNode node = JSON.createObjectNode();
    node.put("nodeId", member.id)
        .put("name", member.name)
        .put("site", member.site)
        .put("version", "test");
    node.put("peerAddress", member.name + ":7000").put("httpAddress", member.name + ":8080");
    node.put("ready", member.joined).put("registered", member.joined);
    node.put("clusterId", member.joined ? clusterId : null);
    return node;
  }

  private Response bootstrap(String nodeId, JsonNode body) {
    String wanted = body.get("clusterId").asText();
    FakeMember member = member(nodeId);
    if (member.joined) {
      return wanted.equals(clusterId)
          ? ok(node(nodeId))
          : new Response(409, problem(409, "OTHER_CLUSTER", "belongs to " + clusterId, ""));
    }
    Set<String> named = new LinkedHashSet<>();
    body.get("members").forEach(each -> named.add(each.get("nodeId").asText()));
    if (!named.contains(nodeId)) {
      return new Response(400, problem(400, "NOT_A_MEMBER", nodeId, ""));
    }
    bootstraps.add(member.name + " " + body);
    if (clusterId.isEmpty()) {
      clusterId = wanted;
      founders.addAll(named);
      systemLeader = nodeId;
    }
    member.joined = true;
    return ok(node(nodeId));
  }

  private boolean hasQuorum() {
    long up = founders.stream().filter(id -> member(id).joined && member(id).alive).count();
    return !founders.isEmpty()
        && up > founders.stream().filter(id -> !member(id).state.equals("Gone")).count() / 2;
  }

  /// Nodes that are no founders find the cluster by themselves once it runs.
  private void joinIfFounded() {
    if (hasQuorum()) {
      members.values().stream()
          .filter(member -> !founders.contains(member.id) && member.alive)
          .forEach(member -> member.joined = true);
    }
  }

  private Response state() {
    stateReads++;
    operations.values().forEach(this::advance);
    partitions.values().forEach(this::catchUp);
    ObjectNode state = JSON.createObjectNode();
    state.put("revision", revision).put("clusterId", clusterId).put("leaderNodeId", systemLeader);
    ArrayNode nodes = state.putArray("nodes");
    members.values().stream()
        .filter(member -> member.joined)
        .forEach(member -> nodes.add(view(member)));
    ArrayNode all = state.putArray("partitions");
    partitions.values().forEach(partition -> all.add(view(partition)));
    partitions.values().forEach(FakeCluster::activate);
    state.putArray("indexes").addAll(indexes.values().stream().map(ObjectNode::deepCopy).toList());
    indexes.values().forEach(FakeCluster::build);
    ArrayNode recorded = state.putArray("operations");
    operations.values().forEach(operation -> recorded.add(view(operation)));
    state.putArray("requests").addAll(requests.values());
    return ok(state);
  }

  private ObjectNode view(FakeMember member) {
    boolean voter = founders.contains(member.id);
    ObjectNode view = JSON.createObjectNode();
    view.put("nodeId", member.id).put("name", member.name).put("site", member.site).put("zone", "");
    FakePlace place = places.getOrDefault(member.site, FakePlace.UNKNOWN);
    view.put("cloud", place.cloud()).put("region", place.region()).put("edge", place.edge());
    view.put("peerAddress", "p")
        .put("httpAddress", "h")
        .put("state", member.state)
        .put("alive", member.alive);
    view.put("systemMember", voter ? "Voter" : "Learner").put("replicas", replicasOn(member.id));
    view.put(
        "leaders",
        partitions.values().stream().filter(each -> each.leader.equals(member.id)).count());
    return view.put("bytes", 0);
  }

  private ObjectNode view(FakePartition partition) {
    ObjectNode view = JSON.createObjectNode();
    view.put("id", partition.id).put("name", partition.name);
    view.put("collection", partition.spec.get("collection").asText());
    view.set("bounds", partition.spec.get("bounds"));
    view.put("epoch", partition.epoch)
        .put("leaderNodeId", partition.leader.isEmpty() ? null : partition.leader);
    ArrayNode replicas = view.putArray("replicas");
    partition.caughtUpByNode.forEach((node, caughtUp) ->
        replicas
            .addObject()
            .put("nodeId", node)
            .put("role", partition.learners.contains(node) ? "Learner" : "Voter")
            .put("caughtUp", caughtUp));
    ArrayNode children = view.putArray("children");
    partitions.values().stream()
        .filter(each -> each.parent.equals(partition.name))
        .forEach(each -> children.add(each.name));
    view.put("rows", partition.rows)
        .put("bytes", partition.bytes)
        .put("operationsPerSecond", partition.operationsPerSecond)
        .put("hotKey", partition.hotKey);
    view.set("splitPoints", parse(partition.splitPoints));
    return view.put("state", partition.state);
  }

  /// An operation on a Partition that was dropped tells no name any more.
  private ObjectNode view(FakeOperation operation) {
    ObjectNode view = JSON.createObjectNode();
    String partition = operation.text("partition");
    view.put("id", operation.id).put("kind", operation.text("kind"));
    view.put("partition", partitions.containsKey(partition) ? partition : null);
    return view.put("step", "step-" + operation.step)
        .put("state", operation.state)
        .put("message", operation.message);
  }

  private static void activate(FakePartition partition) {
    if (partition.state.equals("Creating")) {
      partition.state = "Active";
      partition.leader = partition.caughtUpByNode.keySet().iterator().next();
    }
  }

  private static void build(ObjectNode index) {
    int progress = Math.min(100, index.get("progress").asInt() + 50);
    index
        .put("progress", progress)
        .put("state", progress == 100 ? "Ready" : "Building")
        .put("entries", progress);
  }

  private Response putPartition(String name, JsonNode spec) {
    FakePartition existing = partitions.get(name);
    if (existing != null) {
      return ok(view(existing));
    }
    for (FakePartition other : partitions.values()) {
      if (FakeBounds.overlap(other.spec, spec)) {
        return new Response(409, problem(409, "OVERLAP", "bounds overlap", other.name));
      }
    }
    FakePartition created = new FakePartition(String.valueOf(++nextId), name, spec, "");
    List<FakePartition> before = retained.remove(created.rowsKey());
    if (before != null && before.size() > 1) {
      before.forEach(each -> {
        each.state = each.isSplit() ? each.state : "Creating";
        partitions.put(each.name, each);
      });
      return ok(view(before.getFirst()));
    }
    spec.get("replicas").forEach(node -> created.caughtUpByNode.put(node.asText(), true));
    created.rows = before == null ? 0 : before.getFirst().rows;
    FakePartition future = futures.get(name);
    if (future != null) {
      created.bytes = future.bytes;
      created.splitPoints = future.splitPoints;
    }
    partitions.put(name, created);
    return ok(view(created));
  }

  private Response deletePartition(String name, String query) {
    if (!query.equals("rows=retain") && !query.equals("rows=delete")) {
      return new Response(400, problem(400, "BAD_QUERY", query, ""));
    }
    FakePartition dropped = partitions.get(name);
    if (dropped != null) {
      List<FakePartition> tree = splits.tree(dropped);
      boolean retains = query.equals("rows=retain");
      if (retains && splits.isUnfinished(tree)) {
        return new Response(409, problem(409, "REFUSED", "the partition is being split", name));
      }
      tree.forEach(each -> partitions.remove(each.name));
      if (retains) {
        retained.put(dropped.rowsKey(), tree);
      }
    }
    operationLog.add("drop:" + name + ":" + query);
    return ok(JSON.createObjectNode());
  }

  private Response putIndex(String name, JsonNode spec) {
    ObjectNode index = indexes.computeIfAbsent(name, _ -> JSON.createObjectNode());
    if (index.isEmpty()) {
      index.setAll((ObjectNode) spec.deepCopy());
      index.put("id", String.valueOf(++nextId)).put("name", name).put("state", "Building");
      index.put("progress", 0).put("entries", 0).putNull("message");
    }
    return ok(index.deepCopy());
  }

  private Response deleteIndex(String name) {
    indexes.remove(name);
    return ok(JSON.createObjectNode());
  }

  private Response putOperation(String id, JsonNode spec) {
    FakeOperation known = operations.get(id);
    if (known != null) {
      return ok(view(known));
    }
    FakeOperation operation = new FakeOperation(id, spec);
    String subject = operation.text("partition");
    boolean busy =
        !subject.isEmpty()
            && operations.values().stream()
                .anyMatch(
                    each -> each.state.equals("Running") && each.text("partition").equals(subject));
    if (busy) {
      return new Response(
          409, problem(409, "BUSY", "another operation runs on " + subject, subject));
    }
    if (operation.text("kind").equals("SplitPartition")) {
      Optional<String> refusal = splits.begin(operation);
      if (refusal.isPresent()) {
        return new Response(409, problem(409, "REFUSED", refusal.get(), subject));
      }
    }
    if (operation.text("kind").equals("MergePartitions")) {
      Optional<String> refusal = splits.beginMerge(operation);
      if (refusal.isPresent()) {
        return new Response(409, problem(409, "REFUSED", refusal.get(), subject));
      }
    }
    operations.put(id, operation);
    mostTransfersAtOnce =
        Math.max(
            mostTransfersAtOnce,
            (int)
                operations.values().stream()
                    .filter(each -> each.text("kind").equals("TransferLeader"))
                    .count());
    operationLog.add(
        "%s:%s:%s>%s"
            .formatted(
                operation.text("kind"),
                subject.isEmpty() ? nameOf(operation.text("nodeId")) : subject,
                nameOf(operation.text("remove")),
                nameOf(operation.text("add"))));
    return ok(view(operation));
  }

  private Response deleteOperation(String id) {
    FakeOperation operation = operations.get(id);
    if (operation != null && operation.state.equals("Running")) {
      return new Response(409, problem(409, "RUNNING", id, ""));
    }
    operations.remove(id);
    return ok(JSON.createObjectNode());
  }

  private Response answerRequest(String id, JsonNode body) {
    requests.remove(id);
    answers.putIfAbsent(id, body.get("state").asText() + ": " + body.path("message").asText(""));
    return ok(JSON.createObjectNode());
  }

  private void advance(FakeOperation operation) {
    boolean held = movesHeld && operation.text("kind").equals("MoveReplica");
    if (!operation.state.equals("Running") || held) {
      return;
    }
    operation.step++;
    switch (operation.text("kind")) {
      case "MoveReplica" -> advanceMove(operation);
      case "SplitPartition" -> splits.advance(operation);
      case "MergePartitions" -> splits.advanceMerge(operation);
      case "TransferLeader" -> advanceTransfer(operation);
      case "DrainNode" -> setState(operation, "Draining");
      case "CancelDrain" -> setState(operation, "Active");
      case "RemoveNode" -> remove(operation);
      default -> operation.state = "Failed";
    }
  }

  private void advanceTransfer(FakeOperation operation) {
    FakePartition partition = partitions.get(operation.text("partition"));
    operation.state = partition == null ? "Failed" : "Done";
    if (partition != null) {
      partition.leader = operation.text("to");
    }
  }

  /// A learner first, which then catches up, then one change of members.
  private void advanceMove(FakeOperation operation) {
    FakePartition partition = partitions.get(operation.text("partition"));
    if (partition == null) {
      operation.state = "Failed";
      return;
    }
    String add = operation.text("add");
    if (isEdge(add)) {
      advanceCopy(operation, partition, add);
    } else if (!add.isEmpty() && operation.step == 1) {
      partition.caughtUpByNode.put(add, false);
      partition.learners.add(add);
    } else if (!add.isEmpty() && operation.step == 2) {
      partition.caughtUpByNode.put(add, true);
    } else {
      partition.learners.remove(add);
      partition.learners.remove(operation.text("remove"));
      partition.caughtUpByNode.remove(operation.text("remove"));
      partition.epoch++;
      elect(partition);
      operation.state = "Done";
    }
  }

  /// A copy at the edge stays a learner, and nothing waits for its node.
  private void advanceCopy(FakeOperation operation, FakePartition partition, String node) {
    if (member(node).alive) {
      partition.caughtUpByNode.put(node, false);
      partition.learners.add(node);
      partition.epoch++;
      operation.state = "Done";
    } else {
      operation.state = "Failed";
      operation.message = "the edge node to add is not alive";
    }
  }

  private void catchUp(FakePartition partition) {
    if (!movesHeld) {
      partition.learners.stream()
          .filter(this::isEdge)
          .forEach(node -> partition.caughtUpByNode.replace(node, member(node).alive));
    }
  }

  private boolean isEdge(String nodeId) {
    FakeMember member = members.get(nodeId);
    return member != null && places.getOrDefault(member.site, FakePlace.UNKNOWN).edge();
  }

  private void elect(FakePartition partition) {
    if (partition.state.equals("Creating")) {
      return;
    }
    boolean holds =
        !partition.leader.isEmpty()
            && partition.caughtUpByNode.containsKey(partition.leader)
            && member(partition.leader).alive;
    if (!holds) {
      partition.leader =
          partition.caughtUpByNode.keySet().stream()
              .filter(id -> member(id).alive && !partition.learners.contains(id))
              .findFirst()
              .orElse("");
    }
  }

  private void setState(FakeOperation operation, String state) {
    FakeMember member = member(operation.text("nodeId"));
    if (!member.state.equals("Gone")) {
      member.state = state;
    }
    operation.state = "Done";
  }

  private void remove(FakeOperation operation) {
    FakeMember member = member(operation.text("nodeId"));
    if (replicasOn(member.id) > 0) {
      operation.state = "Failed";
      operation.message = "it holds replicas";
      return;
    }
    if (operation.step == 1) {
      member.state = "Gone";
      return;
    }
    founders.remove(member.id);
    operation.state = "Done";
    removedAlive.put(member.name, member.alive);
    if (systemLeader.equals(member.id)) {
      systemLeader = anyAlive();
    }
  }

  private String anyAlive() {
    return members.values().stream()
        .filter(member -> member.alive && member.joined && !member.state.equals("Gone"))
        .map(member -> member.id)
        .findFirst()
        .orElse("");
  }

  private int replicasOn(String nodeId) {
    return (int)
        partitions.values().stream()
            .filter(each -> !each.isSplit() && each.caughtUpByNode.containsKey(nodeId))
            .count();
  }

  private String nameOf(String nodeId) {
    FakeMember member = members.get(nodeId);
    return member == null ? nodeId : member.name;
  }

  private FakeMember member(String id) {
    return Objects.requireNonNull(
        members.get(id), () -> "no member " + id + " in " + members.keySet());
  }

  private static Response ok(JsonNode body) {
    return new Response(200, body);
  }

  private static ObjectNode problem(int status, String code, String detail, String with) {
    ObjectNode problem = JSON.createObjectNode();
    problem
        .put("type", "about:blank")
        .put("title", code)
        .put("status", status)
        .put("detail", detail);
    problem.put("code", code);
    return with.isEmpty() ? problem : problem.put("with", with);
  }

  static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(json, e);
    }
  }

  @Override
  public synchronized String toString() {
    return members.values().stream()
            .map(member ->
                member.name + "=" + member.id + " " + member.state + " alive=" + member.alive)
            .collect(Collectors.joining(", "))
        + " operations "
        + operationLog;
  }
}
