package dev.partita.local.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AddressesTest {
  @TempDir private Path directory;

  @Test
  void aPodKeepsItsAddressOverRestarts() throws IOException {
    String first;
    String second;
    try (Addresses addresses = new Addresses(directory.resolve("a"))) {
      first = addresses.of("ns", "db-0");
      second = addresses.of("ns", "db-1");
      assertThat(addresses.of("ns", "db-0")).isEqualTo(first);
    }
    try (Addresses addresses = new Addresses(directory.resolve("a"))) {
      assertThat(addresses.of("ns", "db-1")).isEqualTo(second);
      assertThat(addresses.of("ns", "db-0")).isEqualTo(first);
      assertThat(addresses.of("other", "db-0")).isNotIn(first, second);
    }
  }

  @Test
  void controlPlanesOfOneMachineHaveDifferentNetworks() throws IOException {
    try (Addresses one = new Addresses(directory.resolve("a"));
        Addresses other = new Addresses(directory.resolve("a"))) {
      assertThat(network(other.of("ns", "db-0"))).isNotEqualTo(network(one.of("ns", "db-0")));
    }
  }

  @Test
  void aTakenNetworkIsLeftToWhoHasIt() throws IOException {
    Path file = directory.resolve("a");
    String before;
    try (Addresses addresses = new Addresses(file)) {
      before = addresses.of("ns", "db-0");
    }
    Path copy = Files.copy(file, directory.resolve("b"));
    try (Addresses other = new Addresses(copy);
        Addresses addresses = new Addresses(file)) {
      assertThat(other.of("ns", "db-0")).isEqualTo(before);
      String moved = addresses.of("ns", "db-0");
      assertThat(network(moved)).isNotEqualTo(network(before));
      assertThat(moved.substring(network(moved).length()))
          .isEqualTo(before.substring(network(before).length()));
    }
  }

  @Test
  void addressesOfTheTimeOfOneNetworkAreTakenOver() throws IOException {
    Path file = Files.writeString(directory.resolve("a"), "127.0.1.7 ns/db-0\n");
    try (Addresses addresses = new Addresses(file)) {
      assertThat(addresses.of("ns", "db-0")).endsWith(".1.7").doesNotStartWith("127.0.");
    }
  }

  private static String network(String address) {
    return address.substring(0, address.indexOf('.', "127.".length()));
  }
}
