package dev.partita.node.replication.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.Entry;
import dev.partita.node.raft.EntryKind;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.HardState;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SharedLogTest {
  private static final GroupId ONE = new GroupId(1);
  private static final GroupId TWO = new GroupId(2);
  private static final Configuration MEMBERS = Configuration.of(Set.of(new NodeId(1)), Set.of());
  private static final String FIRST_FILE = Segment.nameOf(1);
  private static final LogSettings SMALL =
      new LogSettings(8 << 10, 2 << 10, 4 << 10, 1 << 10, 1 << 20, 64 << 10);
  private static final int SEEDS = Integer.getInteger("partita.seeds", 100);

  private final SimulatedFiles files = new SimulatedFiles(1);

  private static Entry entry(long term, long index, String text) {
    return new Entry(term, index, EntryKind.COMMAND, text.getBytes(UTF_8));
  }

  private static LogRecord.Entries entries(GroupId group, long term, long first, int count) {
    return entries(group, term, first, count, "");
  }

  private static LogRecord.Entries entries(
      GroupId group, long term, long first, int count, String padding) {
    var entries = new ArrayList<Entry>();
    for (long index = first; index < first + count; index++) {
      entries.add(entry(term, index, group + "/" + term + "/" + index + padding));
    }
    return new LogRecord.Entries(group, entries);
  }

  private static LogRecord.Mark mark(GroupId group, long index, long term) {
    return new LogRecord.Mark(group, new SnapshotMark(index, term, MEMBERS), false);
  }

  private static LogRecord.State state(GroupId group, long term) {
    return new LogRecord.State(group, new HardState(term, new NodeId(term), 0));
  }

  /// Writes records as one append, and as one batch unless it is large; gives what the completion
  /// was told.
  private static @Nullable Throwable write(SharedLog log, LogRecord... records) {
    var failure = new AtomicReference<@Nullable Throwable>(new AssertionError("not completed"));
    log.append(List.of(records), failure::set);
    for (int i = 0; i < 100 && failure.get() instanceof AssertionError; i++) {
      log.writeQueued();
    }
    for (LogRecord record : records) {
      log.group(record.group()).adoptMark();
    }
    return failure.get();
  }

  private static List<Entry> read(SharedLog log, GroupId group) {
    GroupLog each = log.group(group);
    return each.lastIndex() < each.firstIndex()
        ? List.of()
        : each.entries(each.firstIndex(), each.lastIndex() + 1, Long.MAX_VALUE);
  }

  private SharedLog open() throws IOException {
    return SharedLog.open(SMALL, files);
  }

  @Test
  void everyGroupFindsItsRecordsAgain() throws IOException {
    SharedLog log = open();
    assertThat(write(log, state(ONE, 3), entries(ONE, 3, 1, 5), entries(TWO, 1, 1, 2))).isNull();
    assertThat(write(log, entries(ONE, 4, 4, 1), state(TWO, 9))).isNull();
    files.crash();
    SharedLog again = open();
    assertThat(read(again, ONE)).extracting(Entry::index).containsExactly(1L, 2L, 3L, 4L);
    assertThat(read(again, ONE).getLast()).isEqualTo(entry(4, 4, "1/4/4"));
    assertThat(again.group(ONE).hardState()).isEqualTo(new HardState(3, new NodeId(3), 0));
    assertThat(read(again, TWO)).hasSize(2);
    assertThat(again.groups()).containsExactlyInAnyOrder(ONE, TWO);
  }

  @Test
  void appendsThatWaitTogetherShareOneSync() throws IOException {
    SharedLog log = open();
    int before = files.syncs();
    List<String> completed = new ArrayList<>();
    for (int i = 1; i <= 10; i++) {
      int number = i;
      log.append(List.of(entries(new GroupId(i), 1, 1, 1)), _ -> completed.add("" + number));
    }
    log.writeQueued();
    assertThat(files.syncs() - before).isEqualTo(1);
    assertThat(completed).containsExactly("1", "2", "3", "4", "5", "6", "7", "8", "9", "10");
  }

  @Test
  void moreEntriesThanASegmentHoldsAreWrittenBitByBit() throws IOException {
    SharedLog log = open();
    assertThat(write(log, entries(ONE, 1, 1, 20, "x".repeat(1 << 10)))).isNull();
    assertThat(read(SharedLog.open(SMALL, files.copy()), ONE)).hasSize(20);
  }

  @Test
  void aTailTornAtAnyByteIsCut() throws IOException {
    SharedLog log = open();
    write(log, state(ONE, 1), entries(ONE, 1, 1, 2));
    int intactEnd = lastNonzero(files.bytes(FIRST_FILE)) + 1;
    write(log, entries(ONE, 1, 3, 3));
    int end = lastNonzero(files.bytes(FIRST_FILE)) + 1;
    for (int cut = intactEnd; cut < end; cut++) {
      SimulatedFiles torn = files.copy();
      Arrays.fill(torn.bytes(FIRST_FILE), cut, end, (byte) 0);
      SharedLog again = SharedLog.open(SMALL, torn);
      assertThat(read(again, ONE)).as("cut at %d", cut).hasSize(2);
      assertThat(write(again, entries(ONE, 2, 3, 1))).isNull();
      assertThat(read(SharedLog.open(SMALL, torn), ONE)).hasSize(3);
    }
  }

  @Test
  void aTailWithLostSectorsIsCut() throws IOException {
    SharedLog log = open();
    write(log, state(ONE, 1), entries(ONE, 1, 1, 2));
    int intactEnd = lastNonzero(files.bytes(FIRST_FILE)) + 1;
    write(log, entries(ONE, 1, 3, 20));
    int end = lastNonzero(files.bytes(FIRST_FILE)) + 1;
    for (int at = intactEnd; at < end; at++) {
      SimulatedFiles torn = files.copy();
      if (torn.bytes(FIRST_FILE)[at] != 0) {
        torn.bytes(FIRST_FILE)[at] = 0;
        assertThat(read(SharedLog.open(SMALL, torn), ONE)).as("lost byte %d", at).hasSize(2);
      }
    }
  }

  @Test
  void damageBeforeTheTailStopsTheNodeAndNamesThePlace() throws IOException {
    SharedLog log = open();
    write(log, state(ONE, 1), entries(ONE, 1, 1, 2));
    int damagedEnd = lastNonzero(files.bytes(FIRST_FILE)) + 1;
    write(log, entries(ONE, 1, 3, 3));
    write(log, entries(ONE, 1, 6, 3));
    for (int at = Segment.HEADER_BYTES; at < damagedEnd; at++) {
      SimulatedFiles damaged = files.copy();
      damaged.bytes(FIRST_FILE)[at] ^= 0x10;
      assertThatExceptionOfType(DamagedLogException.class)
          .as("damage at %d", at)
          .isThrownBy(() -> SharedLog.open(SMALL, damaged))
          .satisfies(damage -> {
            assertThat(damage.file()).isEqualTo(FIRST_FILE);
            assertThat(damage.offset()).isEqualTo(Segment.HEADER_BYTES);
          });
    }
  }

  @Test
  void damageAtTheEndOfAnEarlierSegmentStopsTheNode() throws IOException {
    SharedLog log = open();
    write(log, state(ONE, 1));
    for (int i = 1; i <= 40; i++) {
      write(log, entries(ONE, 1, i, 1, "x".repeat(300)));
    }
    assertThat(files.list()).contains(Segment.nameOf(2));
    byte[] first = files.bytes(FIRST_FILE);
    Arrays.fill(first, lastNonzero(first) - 200, first.length, (byte) 0);
    assertThatExceptionOfType(DamagedLogException.class)
        .isThrownBy(this::open)
        .satisfies(damage -> assertThat(damage.file()).isEqualTo(FIRST_FILE));
  }

  @Test
  void aMissingSegmentStopsTheNode() throws IOException {
    SharedLog log = open();
    write(log, state(ONE, 1));
    for (int i = 1; i <= 80; i++) {
      write(log, entries(ONE, 1, i, 1, "x".repeat(300)));
    }
    files.delete(Segment.nameOf(2));
    assertThatExceptionOfType(DamagedLogException.class).isThrownBy(this::open);
  }

  @Test
  void afterAFailedSyncNothingIsWrittenAnyMore() throws IOException {
    SharedLog log = open();
    write(log, state(ONE, 1), entries(ONE, 1, 1, 1));
    files.failNextSync();
    assertThat(write(log, entries(ONE, 1, 2, 1))).hasMessageContaining("Sync failed");
    byte[] after = files.bytes(FIRST_FILE).clone();
    assertThat(write(log, entries(ONE, 1, 2, 1))).hasMessageContaining("Sync failed");
    assertThat(log.failure()).isNotNull();
    assertThat(files.bytes(FIRST_FILE)).isEqualTo(after);
    assertThat(read(log, ONE)).hasSize(1);
  }

  @Test
  void aFullDiskFailsTheLogWithoutDamage() throws IOException {
    SharedLog log = open();
    write(log, state(ONE, 1));
    files.full(true);
    @Nullable Throwable failure = null;
    int written = 0;
    while (failure == null) {
      failure = write(log, entries(ONE, 1, written + 1, 1, "x".repeat(300)));
      written += failure == null ? 1 : 0;
    }
    assertThat(failure).hasMessageContaining("No space");
    files.full(false);
    assertThat(read(open(), ONE)).hasSize(written);
  }

  @Test
  void entriesThatAreNotCachedAreReadBack() throws IOException {
    SharedLog log =
        SharedLog.open(new LogSettings(8 << 10, 2 << 10, 4 << 10, 0, 1 << 20, 64 << 10), files);
    write(log, state(ONE, 1));
    for (int i = 1; i <= 60; i++) {
      write(log, entries(ONE, 1, i, 1, "x".repeat(200)));
    }
    GroupLog group = log.group(ONE);
    assertThat(group.entries(1, 61, Long.MAX_VALUE)).hasSize(60);
    assertThat(group.entries(10, 61, 1)).hasSize(1);
    assertThat(group.entries(10, 61, 500)).extracting(Entry::index).containsExactly(10L, 11L);
  }

  @Test
  void segmentsThatNoGroupNeedsAreDeleted() throws IOException {
    SharedLog log = open();
    write(log, state(ONE, 1));
    for (int i = 1; i <= 200; i++) {
      write(log, entries(ONE, 1, i, 1, "x".repeat(300)));
    }
    assertThat(files.list()).hasSizeGreaterThan(7);
    write(log, mark(ONE, 200, 1), state(ONE, 1));
    write(log, entries(ONE, 1, 201, 1));
    assertThat(files.list()).hasSize(1);
    SharedLog again = open();
    assertThat(read(again, ONE)).extracting(Entry::index).containsExactly(201L);
    assertThat(again.group(ONE).snapshot().index()).isEqualTo(200);
  }

  @Test
  void aGroupThatSleepsDoesNotKeepTheLogFromBeingCut() throws IOException {
    SharedLog log = open();
    write(log, state(TWO, 5), mark(TWO, 10, 4), entries(TWO, 5, 11, 30));
    write(log, state(ONE, 1));
    for (int i = 1; i <= 1000; i++) {
      write(log, entries(ONE, 1, i, 1, "x".repeat(300)));
      if (i % 20 == 0) {
        write(log, mark(ONE, i, 1), state(ONE, 1));
      }
    }
    assertThat(log.sizeBytes()).isLessThanOrEqualTo(SMALL.logBytesMax() + SMALL.segmentBytes());
    files.crash();
    SharedLog again = open();
    assertThat(read(again, TWO)).hasSize(30);
    assertThat(again.group(TWO).snapshot().index()).isEqualTo(10);
    assertThat(again.group(TWO).hardState().term()).isEqualTo(5);
  }

  @Test
  void aLogIsNotCutBeforeTheSnapshotThatItBeginsWith() throws IOException {
    SharedLog log = open();
    write(log, state(ONE, 1), entries(ONE, 1, 1, 5));
    var snapshot = new SnapshotMark(7, 2, MEMBERS);
    write(log, new LogRecord.Mark(ONE, snapshot, true), mark(ONE, 5, 1));
    assertThat(log.group(ONE).snapshot()).isEqualTo(snapshot);
    assertThat(log.group(ONE).lastIndex()).isEqualTo(7);
    files.crash();
    assertThat(open().group(ONE).snapshot()).isEqualTo(snapshot);
  }

  @Test
  void aRemovedGroupIsRememberedByItsVoteAndEnd() throws IOException {
    SharedLog log = open();
    write(log, state(ONE, 7), entries(ONE, 6, 1, 3));
    write(log, new LogRecord.Removed(ONE, new HardState(7, new NodeId(2), 0), 3, 6));
    SharedLog again = open();
    assertThat(again.groups()).isEmpty();
    assertThat(again.group(ONE).hardState()).isEqualTo(new HardState(7, new NodeId(2), 0));
    assertThat(again.group(ONE).tombstone()).isEqualTo(SnapshotMark.tombstone(3, 6));
  }

  @Test
  void realFilesBehaveAlike(@TempDir Path directory) throws IOException {
    try (SharedLog log = SharedLog.open(SMALL, new DiskFiles(directory))) {
      write(log, state(ONE, 1));
      for (int i = 1; i <= 100; i++) {
        write(log, entries(ONE, 1, i, 1, "x".repeat(300)));
      }
    }
    try (SharedLog again = SharedLog.open(SMALL, new DiskFiles(directory))) {
      assertThat(read(again, ONE)).hasSize(100);
    }
  }

  /// Random records of several groups, with crashes: what was acknowledged is there, what was not
  /// is there as a whole or not at all.
  @Test
  void anyHistoryWithCrashesIsRecovered() throws IOException {
    for (long seed = 0; seed < SEEDS; seed++) {
      new History(seed).run();
    }
  }

  private static final class History {
    private final long seed;
    private final SplittableRandom random;
    private final SimulatedFiles files;
    private Map<GroupId, Model> acknowledged = new HashMap<>();

    private record Model(long term, long markIndex, List<Entry> entries) {}

    History(long seed) {
      this.seed = seed;
      this.random = new SplittableRandom(seed);
      this.files = new SimulatedFiles(seed);
    }

    void run() throws IOException {
      SharedLog log = SharedLog.open(SMALL, files);
      for (int step = 0; step < 150; step++) {
        Map<GroupId, Model> next = new HashMap<>(acknowledged);
        var records = new ArrayList<LogRecord>();
        int count = random.nextInt(1, 4);
        for (int i = 0; i < count; i++) {
          change(next, new GroupId(random.nextInt(4)), records);
        }
        boolean crash = random.nextInt(20) == 0;
        if (crash) {
          files.failNextSync();
        }
        @Nullable Throwable failure = write(log, records.toArray(LogRecord[]::new));
        if (failure == null) {
          acknowledged = next;
        }
        if (failure != null || random.nextInt(40) == 0) {
          files.crash();
          log = SharedLog.open(SMALL, files);
          recover(log, next);
        }
      }
    }

    private void change(Map<GroupId, Model> models, GroupId group, List<LogRecord> records) {
      Model model = models.getOrDefault(group, new Model(1, 0, List.of()));
      int kind = random.nextInt(10);
      if (!models.containsKey(group) || kind == 0) {
        long term = model.term() + 1;
        records.add(state(group, term));
        models.put(group, new Model(term, model.markIndex(), model.entries()));
      } else if (kind == 1 && !model.entries().isEmpty()) {
        int cut = random.nextInt(1, model.entries().size() + 1);
        Entry last = model.entries().get(cut - 1);
        records.add(mark(group, last.index(), last.term()));
        List<Entry> rest = model.entries().subList(cut, model.entries().size());
        models.put(group, new Model(model.term(), last.index(), List.copyOf(rest)));
      } else {
        int keep =
            random.nextInt(4) == 0
                ? random.nextInt(model.entries().size() + 1)
                : model.entries().size();
        long first = model.markIndex() + keep + 1;
        LogRecord.Entries added =
            entries(
                group, model.term(), first, random.nextInt(1, 5), "x".repeat(random.nextInt(200)));
        records.add(added);
        var all = new ArrayList<>(model.entries().subList(0, keep));
        all.addAll(added.entries());
        models.put(group, new Model(model.term(), model.markIndex(), List.copyOf(all)));
      }
    }

    /// The log holds what was acknowledged, or that and the whole of what was written last.
    private void recover(SharedLog log, Map<GroupId, Model> next) {
      Map<GroupId, Model> found = new HashMap<>();
      for (GroupId group : next.keySet()) {
        GroupLog each = log.group(group);
        if (each.exists()) {
          found.put(
              group, new Model(each.hardState().term(), each.snapshot().index(), read(log, group)));
        }
      }
      assertThat(found).as("seed %d", seed).isIn(acknowledged, next);
      acknowledged = found;
    }
  }

  private static int lastNonzero(byte[] bytes) {
    int at = bytes.length - 1;
    while (bytes[at] == 0) {
      at--;
    }
    return at;
  }
}
