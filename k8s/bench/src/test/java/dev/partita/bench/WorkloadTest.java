package dev.partita.bench;

import static dev.partita.bench.Shown.changed;
import static dev.partita.bench.Shown.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.bench.Requests.Outcome;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every ledger names each fault that is planted in what it is shown, and none where there is none.
class WorkloadTest {
  @Nested
  class BankTest {
    private final List<Bank.Account> accounts =
        IntStream.range(0, Bank.COUNT).mapToObj(key -> account(key, Bank.BALANCE)).toList();

    private static Bank.Account account(int key, int balance) {
      return new Bank.Account(key, balance);
    }

    private static List<String> judge(String how, List<Bank.Account> accounts) {
      return Bank.judge(new Bank.Sight(how, List.of(70L, 70L), 60, accounts), null);
    }

    @Test
    void nothingIsWrongWithMoneyThatHasMoved() {
      List<Bank.Account> moved =
          changed(
              accounts,
              all -> {
                all.set(3, account(3, Bank.BALANCE - 7));
                all.set(4, account(4, Bank.BALANCE + 7));
              });
      assertThat(Bank.judge(new Bank.Sight("", List.of(70L), 70, moved), new HashSet<>(moved)))
          .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"by key, now", "by index, now", "by key, at 50", "by index, at 50"})
    void halfOfATransferIsFound(String how) {
      assertThat(judge(how, changed(accounts, all -> all.set(5, account(5, Bank.BALANCE - 20)))))
          .singleElement()
          .asString()
          .contains("12 accounts with a sum of 1180", how);
    }

    @Test
    void aMissingAccountIsFound() {
      assertThat(judge("", changed(accounts, all -> all.remove(2))))
          .singleElement()
          .asString()
          .contains("11 accounts");
    }

    @Test
    void anAccountThatComesTwiceIsFound() {
      assertThat(judge("", changed(accounts, all -> all.add(account(2, 0)))))
          .singleElement()
          .asString()
          .contains("account 2 twice");
    }

    @Test
    void aPastThatHasChangedIsFound() {
      Set<Bank.Account> before =
          new HashSet<>(
              changed(
                  accounts,
                  all -> {
                    all.set(0, account(0, Bank.BALANCE + 1));
                    all.set(1, account(1, Bank.BALANCE - 1));
                  }));
      assertThat(Bank.judge(new Bank.Sight("", List.of(50L), 0, accounts), before))
          .singleElement()
          .asString()
          .contains("the past was otherwise");
    }

    @Test
    void aReadOfNowThatIsOlderThanAnAnswerIsFound() {
      assertThat(Bank.judge(new Bank.Sight("", List.of(70L), 71, accounts), null))
          .singleElement()
          .asString()
          .contains("older than a transfer that was answered at 71");
    }

    @Test
    void pagesOfSeveralMomentsAreFound() {
      assertThat(Bank.judge(new Bank.Sight("", List.of(70L, 71L), 0, accounts), null))
          .singleElement()
          .asString()
          .contains("pages of several moments");
    }
  }

  @Nested
  class UniqueMailsTest {
    private static final List<UniqueMails.Person> PEOPLE =
        List.of(new UniqueMails.Person("a-1", "m1"), new UniqueMails.Person("z-2", "m2"));
    private static final Map<String, List<String>> ENTRIES =
        Map.of("m1", List.of("a-1"), "m2", List.of("z-2"), "m3", List.of());
    private static final Map<String, Set<String>> POSSIBLE =
        Map.of(
            "a-1",
            Set.of("m1"),
            "z-2",
            Set.of(UniqueMails.NONE, "m2"),
            "a-3",
            Set.of(UniqueMails.NONE, "m3"),
            "a-4",
            Set.of(UniqueMails.NONE));

    @Test
    void nothingIsWrongWithMailsAsTheyWereWritten() {
      assertThat(UniqueMails.judgeAll(PEOPLE)).isEmpty();
      assertThat(UniqueMails.judgeTerm("m1", List.of("a-1"))).isEmpty();
      assertThat(UniqueMails.judgeTerm("m1", List.of())).isEmpty();
      assertThat(UniqueMails.judgeEnd(PEOPLE, ENTRIES, POSSIBLE)).isEmpty();
    }

    @Test
    void aMailThatTwoHaveIsFound() {
      assertThat(
              UniqueMails.judgeAll(
                  changed(PEOPLE, all -> all.add(new UniqueMails.Person("z-9", "m1")))))
          .containsExactly("a-1 and z-9 have m1");
      assertThat(UniqueMails.judgeTerm("m1", List.of("a-1", "z-9")))
          .singleElement()
          .asString()
          .contains("m1 twice by index");
    }

    @Test
    void aDocumentThatComesTwiceIsFound() {
      assertThat(UniqueMails.judgeAll(changed(PEOPLE, all -> all.add(PEOPLE.getFirst()))))
          .containsExactly("a-1 comes twice");
    }

    @Test
    void aLostMailIsFound() {
      assertThat(UniqueMails.judgeEnd(PEOPLE.subList(1, 2), Map.of("m2", List.of("z-2")), POSSIBLE))
          .containsExactly("a-1 has '' and should have one of [m1]");
    }

    @Test
    void aMailThatWasReplacedIsFound() {
      List<UniqueMails.Person> people =
          changed(PEOPLE, all -> all.set(0, new UniqueMails.Person("a-1", "m0")));
      assertThat(
              UniqueMails.judgeEnd(
                  people, Map.of("m0", List.of("a-1"), "m2", List.of("z-2")), POSSIBLE))
          .containsExactly("a-1 has 'm0' and should have one of [m1]");
    }

    @Test
    void aRefusedDocumentIsFound() {
      List<UniqueMails.Person> people =
          changed(PEOPLE, all -> all.add(new UniqueMails.Person("a-4", "m3")));
      assertThat(
              UniqueMails.judgeEnd(
                  people,
                  Map.of("m1", List.of("a-1"), "m2", List.of("z-2"), "m3", List.of("a-4")),
                  POSSIBLE))
          .containsExactly("a-4 has 'm3' and should have one of []");
    }

    @Test
    void aDocumentOfNobodyIsFound() {
      List<UniqueMails.Person> people =
          changed(PEOPLE, all -> all.add(new UniqueMails.Person("a-8", "m3")));
      assertThat(
              UniqueMails.judgeEnd(
                  people,
                  Map.of("m1", List.of("a-1"), "m2", List.of("z-2"), "m3", List.of("a-8")),
                  POSSIBLE))
          .containsExactly("nobody has written a-8");
    }

    @Test
    void anIndexThatHasLessOrMoreThanTheDocumentsIsFound() {
      assertThat(UniqueMails.judgeEnd(PEOPLE, Map.of("m1", List.of("a-1")), POSSIBLE))
          .singleElement()
          .asString()
          .contains("the index {a-1=m1}");
      assertThat(
              UniqueMails.judgeEnd(
                  PEOPLE,
                  Map.of("m1", List.of("a-1"), "m2", List.of("z-2"), "m3", List.of("a-3")),
                  POSSIBLE))
          .singleElement()
          .asString()
          .contains("the index {a-1=m1, a-3=m3, z-2=m2}");
    }
  }

  @Nested
  class ExactlyOnceTest {
    private static Outcome done(String timestamp, boolean repeated) {
      return new Outcome.Done(
          json("{\"timestamp\":\"%s\",\"repeated\":%b}".formatted(timestamp, repeated)));
    }

    @Test
    void nothingIsWrongWithACountThatIsExact() {
      assertThat(ExactlyOnce.judge(7, 7, List.of())).isEmpty();
      assertThat(ExactlyOnce.judgeAgain("t", "50", done("50", true))).isEmpty();
      assertThat(ExactlyOnce.judgeAgain("t", "50", new Outcome.Unknown())).isEmpty();
      assertThat(ExactlyOnce.judgeAgain("t", "50", new Outcome.Refused("UNAVAILABLE"))).isEmpty();
    }

    @Test
    void whatIsLostOrCountedTwiceIsFound() {
      assertThat(ExactlyOnce.judge(7, 6, List.of()))
          .containsExactly("7 transactions were done, and 6 are counted");
      assertThat(ExactlyOnce.judge(7, 8, List.of()))
          .containsExactly("7 transactions were done, and 8 are counted");
    }

    @Test
    void aTokenThatWasPutDownOnceMoreIsFound() {
      assertThat(ExactlyOnce.judge(7, 7, List.of("z-3")))
          .containsExactly("token z-3 was taken away and is there");
    }

    @Test
    void aTransactionThatIsDoneTwiceOrForgottenIsFound() {
      assertThat(ExactlyOnce.judgeAgain("t", "50", done("60", false)))
          .singleElement()
          .asString()
          .contains("t was done at 50 and once more");
      assertThat(ExactlyOnce.judgeAgain("t", "50", done("60", true))).hasSize(1);
      assertThat(ExactlyOnce.judgeAgain("t", "50", new Outcome.Refused("CONDITION_FAILED")))
          .containsExactly("t was done at 50 and is not known");
    }
  }

  @Nested
  class PhantomsTest {
    @Test
    void onePerPairIsRight() {
      assertThat(Phantoms.judge(List.of("a-r1-0-7", "z-r1-1-8", "z-r2-0-7"), 50)).isEmpty();
    }

    @Test
    void aPhantomIsFound() {
      assertThat(Phantoms.judge(List.of("a-r1-0-7", "a-r1-0-9"), 50))
          .containsExactly("a-r1-0-7 and a-r1-0-9 at 50");
    }

    @Test
    void writeSkewIsFound() {
      assertThat(Phantoms.judge(List.of("a-r1-0-7", "z-r1-0-8"), 50))
          .containsExactly("a-r1-0-7 and z-r1-0-8 at 50");
    }
  }

  @Nested
  class ElementsTest {
    @Test
    void whatIsUnknownMayBeThereOrNot() {
      assertThat(Elements.judge(List.of("a", "b", "u"), Set.of("a", "b"), Set.of("r"))).isEmpty();
      assertThat(Elements.judge(List.of("a", "b"), Set.of("a", "b"), Set.of("r"))).isEmpty();
    }

    @Test
    void aLostElementIsFound() {
      assertThat(Elements.judge(List.of("a"), Set.of("a", "b"), Set.of()))
          .containsExactly("b was acknowledged and is not there");
    }

    @Test
    void aRefusedElementIsFound() {
      assertThat(Elements.judge(List.of("a", "r"), Set.of("a"), Set.of("r")))
          .containsExactly("r was refused and is there");
    }

    @Test
    void anElementThatComesTwiceIsFound() {
      assertThat(Elements.judge(List.of("a", "a"), Set.of("a"), Set.of()))
          .containsExactly("a twice");
    }
  }

  @Nested
  class RegistersTest {
    @Test
    void valuesThatRiseAreRight() {
      assertThat(Registers.judge("r", 0, 0, 0)).isEmpty();
      assertThat(Registers.judge("r", 3, 3, 5)).isEmpty();
      assertThat(Registers.judge("r", 3, 5, 5)).isEmpty();
    }

    @Test
    void aValueThatGoesBackIsFound() {
      assertThat(Registers.judge("r", 4, 3, 5)).containsExactly("r has gone back from 4 to 3");
      assertThat(Registers.judge("r", 4, 0, 5)).containsExactly("r has gone back from 4 to 0");
    }

    @Test
    void whatIsWrittenNextIsNothingThatWasWrittenBefore() {
      assertThat(
              Stream.of(0, 1)
                  .flatMap(client ->
                      Stream.iterate(Registers.Register.first(1, client), Registers.Register::next)
                          .limit(100))
                  .map(Registers.Register::id))
          .doesNotHaveDuplicates();
    }

    @Test
    void aValueOfNobodyIsFound() {
      assertThat(Registers.judge("r", 4, 6, 5))
          .containsExactly("r is 6, and only 5 has been written");
    }
  }
}
