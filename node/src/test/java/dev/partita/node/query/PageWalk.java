package dev.partita.node.query;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Walks through the pages of a query: to the end, back to the beginning, and then about, with
/// other limits and something done between the pages. Every result has to come exactly once.
final class PageWalk {

  interface Pages {
    Page<String> read(int limit, @Nullable String cursor);
  }

  private final Random random;
  private final Runnable between;
  private final Pages pages;

  private PageWalk(Random random, Runnable between, Pages pages) {
    this.random = random;
    this.between = between;
    this.pages = pages;
  }

  /// @param expected all results at a timestamp, in their order
  static void check(
      Random random, Runnable between, Function<Timestamp, List<String>> expected, Pages pages) {
    new PageWalk(random, between, pages).check(expected);
  }

  private void check(Function<Timestamp, List<String>> expected) {
    var forward = new ArrayList<String>();
    Page<String> page = pages.read(1 + random.nextInt(7), null);
    assertThat(page.before()).isNull();
    List<String> all = expected.apply(page.at());
    Timestamp at = page.at();
    Page<String> last = page;
    while (true) {
      forward.addAll(page.data());
      last = page;
      String after = page.after();
      if (after == null) {
        break;
      }
      between.run();
      page = pages.read(1 + random.nextInt(7), after);
      assertThat(page.at()).isEqualTo(at);
      assertThat(page.data()).isNotEmpty();
    }
    assertThat(forward).isEqualTo(all);
    checkBackwards(all, last);
  }

  private void checkBackwards(List<String> all, Page<String> last) {
    var backward = new ArrayList<>(last.data());
    String before = last.before();
    while (before != null) {
      between.run();
      Page<String> page = pages.read(1 + random.nextInt(7), before);
      backward.addAll(0, page.data());
      // Turning round gives what was seen after this page.
      String after = page.after();
      assertThat(after).isNotNull();
      assertThat(pages.read(1, after).data()).containsExactly(backward.get(page.data().size()));
      before = page.before();
    }
    assertThat(backward).isEqualTo(all);
  }
}
