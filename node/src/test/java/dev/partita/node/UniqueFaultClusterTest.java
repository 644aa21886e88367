package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.history.History;
import dev.partita.history.RegisterHistory;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.key.Datum;
import dev.partita.node.key.KeyWriter;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.time.Deadline;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Unique indexes while nodes fail.
class UniqueFaultClusterTest extends UniqueCollections {

  @Override
  List<String> collections() {
    return List.of("faults", "registers", "blind");
  }

  /// Clients that write at random, through all nodes and in all ways.
  private final class Clients {
    private static final int MAILS = 25;
    private final AtomicBoolean stop = new AtomicBoolean();
    private final AtomicInteger written = new AtomicInteger();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    Clients(int count) {
      for (int client = 0; client < count; client++) {
        int each = client;
        threads.execute(() -> run(each));
      }
    }

    private void run(int client) {
      var random = new SplittableRandom(client);
      while (!stop.get()) {
        int through = random.nextInt(3);
        try {
          if (step(through, random)) {
            written.incrementAndGet();
          }
        } catch (DatabaseException | NullPointerException e) {
          // Refused, in doubt, or the node does not run at the moment.
        }
      }
    }

    private boolean step(int through, SplittableRandom random) {
      Deadline soon = cluster.deadline(Duration.ofSeconds(5));
      var documents = TestCluster.documents(cluster.node(through));
      long key = key(random);
      return switch (random.nextInt(4)) {
        case 0 ->
            documents.write("faults", Mutation.delete(PrimaryKey.of(key)), soon)
                instanceof MutationResult.Written;
        case 1 -> {
          long other = key(random);
          if (key != other) {
            oneShots(through)
                .run(writes("faults", mail(key, any(random)), mail(other, any(random))), soon);
          }
          yield key != other;
        }
        default ->
            documents.write("faults", mail(key, any(random)), soon)
                instanceof MutationResult.Written;
      };
    }

    private long key(SplittableRandom random) {
      return 80L + random.nextInt(40);
    }

    private String any(SplittableRandom random) {
      return "m" + random.nextInt(MAILS);
    }

    void awaitMore(int writes) {
      int before = written.get();
      await().atMost(TestCluster.PATIENCE).until(() -> written.get() >= before + writes);
    }

    void finish() {
      stop.set(true);
      threads.shutdown();
      await().atMost(TestCluster.PATIENCE).until(threads::isTerminated);
    }
  }

  /// Every mail that documents have, once for each that has it.
  private List<String> mails() {
    return await()
        .atMost(TestCluster.PATIENCE)
        .ignoreExceptions()
        .until(
            () -> {
              List<String> mails = new ArrayList<>();
              for (int key = 80; key < 120; key++) {
                String text = cluster.text(0, "faults", key);
                if (text != null) {
                  mails.add(TestCluster.json(text).get("mail").textValue());
                }
              }
              return mails;
            },
            mails -> true);
  }

  /// What several documents have.
  private static Set<String> duplicates(List<String> mails) {
    Set<String> seen = new HashSet<>();
    return mails.stream().filter(mail -> !seen.add(mail)).collect(Collectors.toSet());
  }

  private RegisterClients registers(String collection, boolean careless) {
    // Half of them on each side.
    return new RegisterClients(cluster, collection, 96, 8, careless);
  }

  private static ExecutorService start(RegisterClients clients) {
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    for (int process = 0; process < 4; process++) {
      int each = process;
      threads.execute(() -> clients.runUntilStopped(each));
    }
    return threads;
  }

  private void finish(RegisterClients clients, ExecutorService threads) {
    clients.stop();
    threads.shutdown();
    await().atMost(TestCluster.PATIENCE).until(threads::isTerminated);
    await()
        .atMost(TestCluster.PATIENCE)
        .ignoreExceptions()
        .until(() -> {
          RegisterHistory.Begun last = clients.history().begin(-1);
          clients.readAll(cluster.running().getFirst(), last);
          last.end(History.End.COMMITTED);
          return true;
        });
  }

  @Test
  void clientsThatDoNotCheckWhatTheyHaveReadAreFound() {
    RegisterClients clients = registers("blind", true);
    ExecutorService threads = start(clients);
    await().atMost(TestCluster.PATIENCE).until(() -> clients.committed() >= 60);
    finish(clients, threads);
    assertThat(clients.history().check()).isNotEmpty();
  }

  @Test
  void nothingThatFailsMakesTermsAmbiguous() {
    var clients = new Clients(6);
    RegisterClients registers = registers("registers", false);
    ExecutorService threads = start(registers);
    try {
      clients.awaitMore(40);
      int cut = cluster.leader("faults-low");
      cluster.network().isolate(cluster.node(cut).id());
      clients.awaitMore(20);
      cluster.network().heal();
      clients.awaitMore(20);
      int killed = cluster.leader("faults" + INDEX + "~unique-1");
      cluster.kill(killed);
      clients.awaitMore(20);
      cluster.start(killed);
      cluster.awaitReady();
      clients.awaitMore(20);
    } finally {
      cluster.network().heal();
      clients.finish();
      finish(registers, threads);
    }
    assertThat(registers.history().check()).isEmpty();
    assertThat(registers.committed()).isGreaterThan(30);
    List<String> mails = mails();
    assertThat(duplicates(mails)).isEmpty();
    // What a document has nobody else gets, what none has is free.
    long next = 1;
    for (int mail = 0; mail < Clients.MAILS; mail++) {
      String text = "m" + mail;
      MutationResult result = write(mail % 3, "faults", mail(next, text));
      if (mails.contains(text)) {
        assertViolated(result);
      } else {
        assertWritten(result);
        next++;
      }
    }
    plantDuplicates(mails);
    assertThat(duplicates(mails())).as("the check finds what is wrong").isNotEmpty();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Loses the claims of what documents have, as a faulty recovery might, and takes their terms.
  private void plantDuplicates(List<String> mails) {
    Node node = cluster.node(0);
    var index = node.router().uniqueIndexes("faults").getFirst();
    long key = 119;
    for (String mail : mails) {
      String digest =
          HexFormat.of()
              .formatHex(
                  sha256().digest(new KeyWriter().write(Datum.of(mail)).toKey().unsafeBytes()));
      var claims = node.router().claims(index, PrimaryKey.of(digest));
      Response lost =
          node.router()
              .call(
                  claims,
                  new Request.Write(
                      claims.id(),
                      claims.epoch(),
                      List.of(Mutation.delete(PrimaryKey.of(digest))),
                      false),
                  cluster.deadline());
      assertThat(lost).isInstanceOf(Response.Writes.class);
      if (write(0, "faults", mail(key--, mail)) instanceof MutationResult.Written && key < 115) {
        return;
      }
    }
  }
}
