package dev.partita.node.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogRules.Transition;
import dev.partita.node.security.Access;
import dev.partita.node.security.Grant;
import dev.partita.node.security.ScramVerifier;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AccountRulesTest {
  private static final ScramVerifier ONE = new ScramVerifier("c2FsdA==", 4096, "b25l", "b25l");
  private static final ScramVerifier OTHER = new ScramVerifier("c2FsdA==", 4096, "dHdv", "dHdv");

  private Catalog catalog = Catalog.EMPTY;

  private static UserEntry user(String name, boolean administrator) {
    return new UserEntry(
        name,
        ONE,
        administrator,
        List.of(new Grant("orders", Set.of(Access.READ)), new Grant("*", Set.of(Access.WRITE))));
  }

  private static TokenEntry token(String id, String user, long created, long expires) {
    return new TokenEntry(id, user, "hash", "", created, expires);
  }

  private CatalogResult apply(CatalogCommand command) {
    Transition transition =
        CatalogRules.apply(
            catalog, CatalogCodec.decode(CatalogCodec.encode(command), CatalogCommand.class));
    catalog = transition.catalog();
    return transition.result();
  }

  @Test
  void theFirstUserIsMadeOnce() {
    apply(new CatalogCommand.PutUser(user("admin", true), true));
    apply(new CatalogCommand.PutUser(user("late", true), true));

    assertThat(catalog.accounts().users().keySet()).containsExactly("admin");
  }

  @Test
  void theLastAdministratorStays() {
    apply(new CatalogCommand.PutUser(user("admin", true), false));

    assertThat(apply(new CatalogCommand.DropUser("admin")))
        .isInstanceOf(CatalogResult.Refused.class);
    assertThat(apply(new CatalogCommand.PutUser(user("admin", false), false)))
        .isInstanceOf(CatalogResult.Refused.class);
    apply(new CatalogCommand.PutUser(user("second", true), false));
    assertThat(apply(new CatalogCommand.DropUser("admin")))
        .isInstanceOf(CatalogResult.Applied.class);
  }

  @Test
  void tokensGoWithTheirUserAndWithItsPassword() {
    apply(new CatalogCommand.PutUser(user("admin", true), false));
    apply(new CatalogCommand.PutUser(user("alice", false), false));
    apply(new CatalogCommand.PutToken(token("a", "alice", 0, 10)));
    apply(new CatalogCommand.PutToken(token("b", "admin", 0, 10)));
    assertThat(apply(new CatalogCommand.PutToken(token("c", "nobody", 0, 10))))
        .isInstanceOf(CatalogResult.Refused.class);

    apply(new CatalogCommand.PutUser(user("alice", false), false));
    assertThat(catalog.accounts().tokens().keySet()).containsExactly("a", "b");
    apply(new CatalogCommand.PutUser(new UserEntry("alice", OTHER, false, List.of()), false));
    assertThat(catalog.accounts().tokens().keySet()).containsExactly("b");

    apply(new CatalogCommand.PutToken(token("d", "alice", 0, 10)));
    apply(new CatalogCommand.DropUser("alice"));
    assertThat(catalog.accounts().tokens().keySet()).containsExactly("b");
    apply(new CatalogCommand.DropToken("b"));
    assertThat(catalog.accounts().tokens()).isEmpty();
  }

  @Test
  void tokensOfOneUserAreBoundedAndExpiredOnesGiveRoom() {
    apply(new CatalogCommand.PutUser(user("admin", true), false));
    for (int i = 0; i < AccountRules.TOKENS_MAX; i++) {
      apply(new CatalogCommand.PutToken(token("t" + i, "admin", 0, 10)));
    }
    assertThat(apply(new CatalogCommand.PutToken(token("more", "admin", 5, 20))))
        .isInstanceOf(CatalogResult.Refused.class);
    assertThat(apply(new CatalogCommand.PutToken(token("more", "admin", 10, 20))))
        .isInstanceOf(CatalogResult.Applied.class);
    assertThat(catalog.accounts().tokens().keySet()).containsExactly("more");
  }

  @Test
  void aSnapshotKeepsThem() {
    apply(new CatalogCommand.PutUser(user("admin", true), false));
    apply(new CatalogCommand.PutToken(token("a", "admin", 0, 10)));

    CatalogContent content =
        CatalogCodec.decode(CatalogCodec.encode(CatalogContent.of(catalog)), CatalogContent.class);

    assertThat(content.toCatalog()).isEqualTo(catalog);
    assertThat(user("admin", true).allows(Access.ADMIN, "any")).isTrue();
    UserEntry plain = user("plain", false);
    assertThat(plain.allows(Access.READ, "orders")).isTrue();
    assertThat(plain.allows(Access.READ, "others")).isFalse();
    assertThat(plain.allows(Access.WRITE, "others")).isTrue();
    assertThat(plain.allows(Access.ADMIN, "orders")).isFalse();
  }
}
