package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.bench.Requests.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/// Registers whose values only rise. Each has one client that writes it, without any condition, and
/// everybody reads: through whatever node, nobody finds less than what was acknowledged or read
/// before, nor what nobody has written.
final class Registers extends Workload {
  private static final String COLLECTION = "registers";
  private static final String PATH = "/v1/collections/" + COLLECTION + "/documents/";

  private final List<AtomicReference<Register>> registers = new ArrayList<>();
  private final AtomicInteger written = new AtomicInteger();
  private final AtomicInteger reads = new AtomicInteger();

  /// A document that a client writes.
  ///
  /// @param known the largest value that somebody knows of
  /// @param begun the largest that somebody has begun to write
  record Register(int round, int client, int generation, AtomicInteger known, AtomicInteger begun) {
    static Register first(int round, int client) {
      return new Register(round, client, 0, new AtomicInteger(), new AtomicInteger());
    }

    /// What the client writes next, which nobody has written before.
    Register next() {
      return new Register(round, client, generation + 1, new AtomicInteger(), new AtomicInteger());
    }

    String id() {
      return "r%d-%d-%d".formatted(round, client, generation);
    }

    void know(int value) {
      known.accumulateAndGet(value, Math::max);
    }
  }

  /// @param round registers of other rounds are not touched
  Registers(int round, int clients) {
    super("monotonic");
    for (int client = 0; client < clients; client++) {
      registers.add(new AtomicReference<>(Register.first(round, client)));
    }
  }

  static void create(Nodes nodes) throws IOException {
    nodes.createPartition("registers-all", COLLECTION, "{}");
  }

  @Override
  void step(Requests requests, Random random, int client) {
    if (random.nextInt(3) == 0) {
      write(requests, client);
    } else {
      read(requests, registers.get(random.nextInt(registers.size())).get());
    }
  }

  private void write(Requests requests, int client) {
    Register register = registers.get(client).get();
    int value = register.begun.incrementAndGet();
    switch (requests.send("PUT", PATH + register.id(), "", "{\"n\":" + value + "}")) {
      case Outcome.Done _ -> {
        register.know(value);
        written.incrementAndGet();
      }
      case Outcome.Refused _ -> {
        // Nothing has happened: the value is left out.
      }
      case Outcome.Unknown _ ->
          // It may be written at any time, over what comes next.
          registers.get(client).set(register.next());
    }
  }

  private boolean read(Requests requests, Register register) {
    int known = register.known.get();
    Outcome outcome = requests.send("GET", PATH + register.id(), "", "");
    int value;
    if (outcome instanceof Outcome.Done(JsonNode document)) {
      value = document.path("n").intValue();
    } else if (outcome instanceof Outcome.Refused(String code) && code.equals("NOT_FOUND")) {
      value = 0;
    } else {
      return false;
    }
    reads.incrementAndGet();
    wrong(judge(register.id(), known, value, register.begun.get()));
    register.know(value);
    return true;
  }

  @Override
  boolean check(Requests requests, Random random) {
    boolean all = true;
    for (AtomicReference<Register> each : registers) {
      all &= read(requests, each.get());
    }
    return all;
  }

  /// What cannot be true of a value that was read.
  ///
  /// @param known the largest that somebody knew of before
  /// @param begun the largest that somebody had begun to write afterwards
  static List<String> judge(String register, int known, int value, int begun) {
    if (value < known) {
      return List.of("%s has gone back from %d to %d".formatted(register, known, value));
    }
    return value > begun
        ? List.of("%s is %d, and only %d has been written".formatted(register, value, begun))
        : List.of();
  }

  @Override
  String summary() {
    return "%,d written, %,d reads".formatted(written.get(), reads.get());
  }
}
