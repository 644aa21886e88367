package dev.partita.image;

import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a database of one node does in its training run: what clients ask of it every day, and what
/// a database does by itself once in a while, which must not be slower the first time. That is
/// above all a split: while it is made, writes wait. And it tells problems, as of a document that
/// is not there.
final class NodeExercise implements Exercise {
  private static final int REPETITIONS = 5;
  private static final int DOCUMENTS = 20;

  private static final List<String> PAGES =
      List.of("/metrics", "/openapi", "/v1/partitions", "/v1/indexes", "/admin/v1/state");
  private static final String PARTITION = "/admin/v1/partitions/trained";
  private static final String INDEX = "/admin/v1/indexes/trained-by-n";
  private static final String DOCUMENT = "/v1/collections/trained/documents";
  private static final Pattern NODE_ID = Pattern.compile("\"nodeId\"\\s*:\\s*\"([^\"]+)\"");

  @Override
  public void run(Requests node) throws IOException, InterruptedException {
    Matcher id = NODE_ID.matcher(node.get("/admin/v1/node"));
    if (!id.find()) {
      throw new IOException("the node does not tell its id");
    }
    node.send(
        "PUT",
        PARTITION,
        """
        {"collection": "trained", "bounds": {"range": {}}, "replicas": ["%s"]}\
        """
            .formatted(id.group(1)));
    node.send(
        "PUT",
        INDEX,
        """
        {"collection": "trained", "terms": [{"field": "n"}], "values": [], "unique": false}\
        """);
    node.await("the partition", () -> node.isAnswered(DOCUMENT));
    for (int i = 0; i < REPETITIONS; i++) {
      useDocuments(node);
      for (String page : PAGES) {
        node.get(page);
      }
    }
    for (int i = 0; i < REPETITIONS; i++) {
      operate(node, "split-" + i, "\"SplitPartition\", \"at\": " + DOCUMENTS / 2);
      useDocuments(node);
      operate(node, "merge-" + i, "\"MergePartitions\"");
      useDocuments(node);
    }
    node.send("DELETE", INDEX, "");
    node.send("DELETE", PARTITION + "?rows=delete", "");
  }

  private static void useDocuments(Requests node) throws IOException, InterruptedException {
    for (int key = 0; key < DOCUMENTS; key++) {
      String path = DOCUMENT + "/" + key;
      node.send("PUT", path, "{\"n\": " + key % 3 + "}");
      node.get(path);
    }
    node.get(DOCUMENT);
    node.await(
        "the index",
        () ->
            node.isAnswered("POST", "/v1/query", "{\"index\": \"trained-by-n\", \"terms\": [1]}"));
    node.send(
        "POST",
        "/v1/transactions",
        """
        {"reads": [{"collection": "trained", "id": 1}],
         "writes": [{"collection": "trained", "document": {"id": 2, "n": 7}},
                    {"collection": "trained", "document": {"id": %d, "n": 7}}]}\
        """
            .formatted(DOCUMENTS - 1));
    node.send("DELETE", DOCUMENT + "/0", "");
    if (node.isAnswered(DOCUMENT + "/0")) {
      throw new IOException("a document is there that was deleted");
    }
  }

  private static void operate(Requests node, String id, String kind)
      throws IOException, InterruptedException {
    String path = "/admin/v1/operations/" + id;
    String operation = "{\"partition\": \"trained\", \"kind\": " + kind + "}";
    node.await(id, () -> node.send("PUT", path, operation).contains("\"Done\""));
    node.send("DELETE", path, "");
  }
}
