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
    "my_partition, my-partition-cc8bb5",
    "Orders, orders-",
    "_hidden, hidden-",
    "größe, gr--e-",
    "ends-, ends--",
    "-, x-",
    "日本, x-",
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

  @Test
  void longNamesAreCutButStayDifferent() {
    String first = ApiNames.toKubernetesName("p".repeat(200) + "1");
    String second = ApiNames.toKubernetesName("p".repeat(200) + "2");
    assertThat(first).hasSize(63).isNotEqualTo(second);
  }

  @Test
  void anEmptyNameIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> ApiNames.toKubernetesName(""));
  }
}
