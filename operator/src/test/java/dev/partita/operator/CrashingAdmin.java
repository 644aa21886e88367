package dev.partita.operator;

import dev.partita.crd.DeletionPolicy;
import dev.partita.crd.IndexSpec;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.Bootstrap;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.Endpoint;
import dev.partita.operator.nodeclient.IndexView;
import dev.partita.operator.nodeclient.NodeAdmin;
import dev.partita.operator.nodeclient.NodeView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionRequest;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.RequestAnswer;

/// Passes calls on to the nodes until a [CrashPoint] is reached.
record CrashingAdmin(NodeAdmin nodes, CrashPoint crash) implements NodeAdmin {

  @Override
  public Answer<NodeView> node(Endpoint endpoint) {
    return nodes.node(endpoint);
  }

  @Override
  public Answer<Nothing> bootstrap(Endpoint endpoint, Bootstrap bootstrap) {
    crash.beforeWrite("bootstrap");
    return nodes.bootstrap(endpoint, bootstrap);
  }

  @Override
  public Answer<ClusterView> state(Endpoint endpoint) {
    return nodes.state(endpoint);
  }

  @Override
  public Answer<PartitionView> putPartition(
      Endpoint endpoint, String name, PartitionRequest request) {
    crash.beforeWrite("putPartition " + name);
    return nodes.putPartition(endpoint, name, request);
  }

  @Override
  public Answer<Nothing> deletePartition(Endpoint endpoint, String name, DeletionPolicy policy) {
    crash.beforeWrite("deletePartition " + name);
    return nodes.deletePartition(endpoint, name, policy);
  }

  @Override
  public Answer<IndexView> putIndex(Endpoint endpoint, String name, IndexSpec spec) {
    crash.beforeWrite("putIndex " + name);
    return nodes.putIndex(endpoint, name, spec);
  }

  @Override
  public Answer<Nothing> deleteIndex(Endpoint endpoint, String name) {
    crash.beforeWrite("deleteIndex " + name);
    return nodes.deleteIndex(endpoint, name);
  }

  @Override
  public Answer<OperationView> putOperation(Endpoint endpoint, String id, OperationSpec spec) {
    crash.beforeWrite("putOperation " + id);
    return nodes.putOperation(endpoint, id, spec);
  }

  @Override
  public Answer<Nothing> deleteOperation(Endpoint endpoint, String id) {
    crash.beforeWrite("deleteOperation " + id);
    return nodes.deleteOperation(endpoint, id);
  }

  @Override
  public Answer<Nothing> answerRequest(Endpoint endpoint, String id, RequestAnswer answer) {
    crash.beforeWrite("answerRequest " + id);
    return nodes.answerRequest(endpoint, id, answer);
  }
}
