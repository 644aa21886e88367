package dev.partita.crd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ApiNamesTest {

  @ParameterizedTest
  @ValueSource(strings = {"a", "orders-low", "0", "plane-16", "a--b"})
  void objectNamesStayAsTheyAre(String name) {
    assertThat(ApiNames.toKubernetesName(name)).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource({
    "my_partition, my-partition-",
    "Orders, orders-",
    "_hidden, xhidden-",
    "größe, gr--e-",
    "ends-, endsx-",
    "-, x-",
    "日本, xx-",
  })
  void otherNamesAreMappedAndCarryAHash(String name, String start) {
    String mapped = ApiNames.toKubernetesName(name);
    assertThat(mapped)
        .startsWith(start)
        .matches("[a-z0-9]([a-z0-9-]*[a-z0-9])?")
        .matches(".*-[0-9a-f]{6}");
  }

  @Test
  void namesThatDifferInReplacedCharactersStayDifferent() {
    assertThat(ApiNames.toKubernetesName("my_partition"))
        .isNotEqualTo(ApiNames.toKubernetesName("my.partition"))
        .isNotEqualTo(ApiNames.toKubernetesName("My_Partition"))
        .isNotEqualTo("my-partition");
  }

  /// The nodes compute the same names, so the hash is pinned.
  @Test
  void theHashIsTheUpper24BitsOfTheCrc32c() {
    assertThat(ApiNames.toKubernetesName("my_partition")).isEqualTo("my-partition-e87170");
  }

  @Test
  void longNamesAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ApiNames.toKubernetesName("P".repeat(247)));
    assertThat(ApiNames.toKubernetesName("P".repeat(246))).hasSize(253);
  }

  @Test
  void anEmptyNameIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> ApiNames.toKubernetesName(""));
  }
}
