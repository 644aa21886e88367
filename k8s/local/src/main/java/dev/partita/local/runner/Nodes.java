package dev.partita.local.runner;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import dev.partita.local.object.DeleteRequest;
import dev.partita.local.object.Timestamps;
import java.util.List;

/// Registers the nodes of this machine as Node objects.
public final class Nodes {
  private Nodes() {}

  /// Makes the Node objects equal to `nodes`; others that an earlier start left are removed.
  public static void register(Cluster cluster, List<NodeSpec> nodes) {
    for (ObjectNode existing : cluster.list(Cluster.NODES, "")) {
      String name = Json.string(existing, "metadata", "name");
      if (nodes.stream().noneMatch(node -> node.name().equals(name))) {
        cluster.delete(Cluster.NODES, "", name, DeleteRequest.background());
      }
    }
    for (NodeSpec node : nodes) {
      ObjectNode object = Json.object().put("apiVersion", "v1").put("kind", "Node");
      object.putObject("metadata").put("name", node.name());
      cluster.create(Cluster.NODES, object);
      cluster.modify(Cluster.NODES, "", node.name(), "", o -> labelled(o, node));
      cluster.modify(Cluster.NODES, "", node.name(), "status", o -> ready(o));
    }
  }

  private static ObjectNode labelled(ObjectNode object, NodeSpec node) {
    Json.ensure(object, "metadata", "labels")
        .put("kubernetes.io/hostname", node.name())
        .put("kubernetes.io/os", "linux")
        .put("kubernetes.io/arch", System.getProperty("os.arch"))
        .put("topology.kubernetes.io/region", node.region())
        .put("topology.kubernetes.io/zone", node.zone())
        .put("partita.dev/cloud", node.cloud());
    return object;
  }

  private static ObjectNode ready(ObjectNode object) {
    ObjectNode status = Json.ensure(object, "status");
    ObjectNode capacity = Json.ensure(status, "capacity");
    capacity.put("cpu", Integer.toString(Runtime.getRuntime().availableProcessors()));
    capacity.put("pods", "110");
    status.set("allocatable", capacity);
    status.putArray("addresses").addObject().put("type", "InternalIP").put("address", "127.0.0.1");
    Json.ensure(status, "nodeInfo")
        .put("kubeletVersion", "partita-local")
        .put("osImage", System.getProperty("os.name"))
        .put("kernelVersion", System.getProperty("os.version"))
        .put("containerRuntimeVersion", "process://");
    ArrayNode conditions = status.putArray("conditions");
    conditions
        .addObject()
        .put("type", "Ready")
        .put("status", "True")
        .put("reason", "LocalControlPlane")
        .put("message", "pods run as processes of this machine")
        .put("lastTransitionTime", Timestamps.now());
    return object;
  }
}
