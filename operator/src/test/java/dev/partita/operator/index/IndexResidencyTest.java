package dev.partita.operator.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.IndexSpec;
import dev.partita.crd.Partition;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class IndexResidencyTest {

  private static final String EU = "residency: [{region: eu}, {cloud: sky}]";
  private static final String SAME = "residency: [{cloud: sky}, {region: eu}]";

  private static Partition partition(String name, String spec) {
    return Serialization.unmarshal(
        "apiVersion: partita.dev/v1alpha1\nkind: Partition\nmetadata: {name: %s}\nspec: {%s}"
            .formatted(name, spec),
        Partition.class);
  }

  private static IndexSpec index(boolean unique, String... fields) {
    return new IndexSpec(
        "people", Stream.of(fields).map(IndexSpec.Term::new).toList(), List.of(), unique);
  }

  private static Optional<String> obstacle(IndexSpec index, Partition... partitions) {
    return IndexResidency.obstacle(index, List.of(partitions));
  }

  @Test
  void anIndexThatLiesWithTheRowsIsWhereTheyAre() {
    Partition here = partition("here", "collection: people, range: {end: 5}, " + EU);
    Partition anywhere = partition("anywhere", "collection: people, range: {start: 5}");
    assertThat(obstacle(index(false, "name"), here, anywhere)).isEmpty();
    Partition names = partition("names", "collection: people, columns: [name], " + EU);
    Partition photos = partition("photos", "collection: people, columns: [photo]");
    assertThat(obstacle(index(false, "name.first"), names, photos)).isEmpty();
    assertThat(obstacle(index(true, "name"), names, photos)).isEmpty();
  }

  @Test
  void aUniqueIndexNeedsOneResidencyForAll() {
    Partition here = partition("here", "collection: people, range: {end: 5}, " + EU);
    Partition anywhere = partition("anywhere", "collection: people, range: {start: 5}");
    assertThat(obstacle(index(true, "name"), here, anywhere))
        .hasValueSatisfying(why -> assertThat(why).contains("here", "anywhere", "digests"));
    Partition same = partition("same", "collection: people, range: {start: 5}, " + SAME);
    assertThat(obstacle(index(true, "name"), here, same)).isEmpty();
    Partition other = partition("other", "collection: animals, range: {}");
    assertThat(obstacle(index(true, "name"), here, other)).isEmpty();
  }

  @Test
  void anIndexOverColumnGroupsNeedsOneResidencyForThese() {
    Partition names = partition("names", "collection: people, columns: [name], " + EU);
    Partition photos = partition("photos", "collection: people, columns: [photo]");
    Partition mails = partition("mails", "collection: people, columns: [mail], " + SAME);
    assertThat(obstacle(index(false, "name", "photo[*].taken"), names, photos, mails))
        .hasValueSatisfying(why -> assertThat(why).contains("names", "photos", "columns"));
    assertThat(obstacle(index(false, "name", "mail"), names, photos, mails)).isEmpty();
  }
}
