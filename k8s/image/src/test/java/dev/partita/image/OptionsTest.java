package dev.partita.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class OptionsTest {
  private static final Path CHECKOUT = Path.of("/checkout");

  @Test
  void byDefaultBothImagesAreBuiltFromNothingIntoArchives() {
    Options options = parse();

    assertThat(options.applications()).containsExactly(Application.NODE, Application.OPERATOR);
    assertThat(options.base()).isEmpty();
    assertThat(options.registry()).isEmpty();
    assertThat(options.output()).isEqualTo(CHECKOUT.resolve(".partita/images"));
    assertThat(options.tag()).isEqualTo("1.2");
  }

  @Test
  void everythingCanBeChosen() {
    Options options =
        parse("operator", "--base", "debian:13-slim", "--registry", "r.example", "--tag", "t");

    assertThat(options.applications()).containsExactly(Application.OPERATOR);
    assertThat(options.base()).contains("debian:13-slim");
    assertThat(options.registry()).contains("r.example");
    assertThat(options.tag()).isEqualTo("t");
    assertThat(parse("--base", "scratch").base()).isEmpty();
  }

  @Test
  void tagsOfSeveralArchitecturesAreJoinedInARegistry() {
    Options options = parse("node", "--registry", "r.example/t", "--join", "1-amd64,1-arm64");

    assertThat(options.join()).containsExactly("1-amd64", "1-arm64");
    assertThat(options.tag()).isEqualTo("1.2");
    assertThat(options.repository(Application.NODE)).isEqualTo("r.example/t/partita/node");
    assertThatThrownBy(() -> parse("--join", "a,b")).hasMessageContaining("needs --registry");
  }

  @Test
  void theVersionIsThatOfTheBuildWhateverTheTag() {
    assertThat(parse("--tag", "t").version()).isEqualTo("1.2");
  }

  @Test
  void whatIsNotUnderstoodIsNamed() {
    assertThatThrownBy(() -> parse("proxy")).hasMessageContaining("'proxy' is not understood");
    assertThatThrownBy(() -> parse("--tag")).hasMessageContaining("--tag needs a value");
  }

  private static Options parse(String... arguments) {
    return Options.parse(List.of(arguments), CHECKOUT, "1.2-SNAPSHOT");
  }
}
