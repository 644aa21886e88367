package dev.partita.local.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostsFileTest {
  @TempDir private Path directory;

  private static ObjectNode pod(String name) {
    ObjectNode pod = Json.object();
    pod.putObject("metadata").put("namespace", "ns").put("name", name);
    pod.putObject("spec").put("hostname", name).put("subdomain", "peers");
    return pod;
  }

  @Test
  void controlPlanesThatShareAFileKeepEachOthersNames() throws IOException {
    Path shared = directory.resolve("hosts");
    try (Addresses here = new Addresses(directory.resolve("here"));
        Addresses there = new Addresses(directory.resolve("there"))) {
      HostsFile own = new HostsFile(shared, directory.resolve("a"));
      HostsFile other = new HostsFile(shared, directory.resolve("b"));

      own.write(List.of(pod("a-0"), pod("a-1")), here);
      other.write(List.of(pod("b-0")), there);
      own.write(List.of(pod("a-0")), here);

      assertThat(Files.readAllLines(shared))
          .hasSize(2)
          .anyMatch(line ->
              line.startsWith(there.of("ns", "b-0") + " ")
                  && line.contains(" b-0.peers.ns.svc.clusterset.local "))
          .anyMatch(line ->
              line.startsWith(here.of("ns", "a-0") + " ")
                  && line.contains(" a-0.peers.ns.svc.cluster.local "));

      // One that starts again replaces its own.
      new HostsFile(shared, directory.resolve("b")).write(List.of(), there);

      assertThat(Files.readAllLines(shared)).singleElement().asString().contains(" a-0.peers ");
    }
  }
}
