package dev.partita.node.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResourceNameTest {

  @ParameterizedTest
  @ValueSource(strings = {"a", "my-partition", "0-9"})
  void resourceNamesStay(String name) {
    assertThat(ResourceName.of(name).value()).isEqualTo(name);
  }

  /// The operator computes the same names, so the hash is pinned.
  @Test
  void otherNamesCarryAHashOfTheOriginal() {
    assertThat(ResourceName.of("my_partition").value()).isEqualTo("my-partition-e87170");
    assertThat(ResourceName.of("my.partition")).isNotEqualTo(ResourceName.of("my_partition"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"My_Partition", "_x", "x_", "größe", "日本", "-"})
  void theRuleMayBeAppliedTwice(String name) {
    ResourceName once = ResourceName.of(name);
    assertThat(ResourceName.of(once.value())).isEqualTo(once);
  }

  @Test
  void emptyAndLongNamesAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> ResourceName.of(""));
    assertThatIllegalArgumentException().isThrownBy(() -> ResourceName.of("X".repeat(247)));
  }
}
