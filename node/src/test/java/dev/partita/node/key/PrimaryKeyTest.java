package dev.partita.node.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PrimaryKeyTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void keysOfAnyShapeSortAndAreReadBack() {
    RandomData data = new RandomData(3);
    for (int i = 0; i < 5_000; i++) {
      PrimaryKey one = data.primaryKey();
      PrimaryKey other = data.primaryKey();
      assertThat(Integer.signum(one.encoded().compareTo(other.encoded())))
          .as("%s and %s", one, other)
          .isEqualTo(Integer.signum(one.compareTo(other)));
      assertThat(one.encoded().startsWith(other.encoded())).isEqualTo(one.equals(other));
      assertThat(PrimaryKey.read(new KeyReader(one.encoded()))).isEqualTo(one);
    }
  }

  @Test
  void aKeySortsBeforeTheLongerOnesThatBeginWithIt() {
    PrimaryKey one = PrimaryKey.of(1);
    PrimaryKey pair = PrimaryKey.of(Datum.of(1), Datum.of(Long.MIN_VALUE));
    assertThat(one.encoded()).isLessThan(pair.encoded());
    assertThat(pair.encoded()).isLessThan(PrimaryKey.of(2).encoded());
  }

  @Test
  void jsonAndUrlFormsAreReadBack() throws Exception {
    RandomData data = new RandomData(4);
    for (int i = 0; i < 5_000; i++) {
      PrimaryKey key = data.primaryKey();
      assertThat(PrimaryKeyText.fromUrl(PrimaryKeyText.toUrl(key))).as("%s", key).isEqualTo(key);
      assertThat(PrimaryKeyText.fromJson(JSON.readTree(PrimaryKeyText.toJson(key).toString())))
          .as("%s", key)
          .isEqualTo(key);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "150|150",
        "-7|-7",
        "a|\"a\"",
        "\"150\"|\"150\"",
        "007|\"007\"",
        "1e3|\"1e3\"",
        "[1,\"a\"]|[1,\"a\"]",
        "[5]|5",
        "''|\"\"",
        "-|\"-\""
      })
  void urlFormMeansThisJson(String url, String json) throws Exception {
    assertThat(PrimaryKeyText.fromUrl(url)).isEqualTo(PrimaryKeyText.fromJson(JSON.readTree(json)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9223372036854775808",
        "[",
        "[]",
        "[1,2,3,4,5,6,7,8,9]",
        "\"a",
        "[1.5]",
        "[null]",
        "[true]",
        "[[1]]",
        "[1] 2",
        "\"a\"b"
      })
  void whatIsNoPrimaryKeyIsRefused(String url) {
    assertThatThrownBy(() -> PrimaryKeyText.fromUrl(url))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_KEY));
  }

  @Test
  void oneKibibyteFitsAndTooLongAKeyIsRefused() {
    assertThat(PrimaryKey.of("\u00e9".repeat(512)).encoded().size()).isEqualTo(1_027);
    assertThat(PrimaryKey.of("k".repeat(1_097)).encoded().size())
        .isEqualTo(PrimaryKey.ENCODED_BYTES_MAX);
    for (String text : List.of("k".repeat(1_098), "\u20ac".repeat(400), "k".repeat(10_000_000))) {
      assertThatThrownBy(() -> PrimaryKey.of(text))
          .isInstanceOfSatisfying(
              DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_KEY));
    }
    assertThatThrownBy(() -> new PrimaryKey(Collections.nCopies(8, Datum.of("k".repeat(200)))))
        .isInstanceOf(DatabaseException.class);
  }
}
