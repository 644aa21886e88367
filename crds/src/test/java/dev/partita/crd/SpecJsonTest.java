package dev.partita.crd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpecJsonTest {

  private final ObjectMapper mapper = new ObjectMapper();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"start\":-9223372036854775808,\"end\":9223372036854775807}",
        "{\"start\":\"\",\"end\":\"m\"}",
        "{\"end\":0}",
        "{}",
        "{\"origin\":-9223372036854775808,\"width\":9223372036854775807,\"number\":-1}",
      })
  void rangesSurviveARoundTrip(String json) throws JsonProcessingException {
    Range range = mapper.readValue(json, Range.class);
    assertThat(mapper.readTree(mapper.writeValueAsString(range))).isEqualTo(mapper.readTree(json));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"start\":9223372036854775808}", "{\"start\":1.5}", "{\"start\":true}"})
  void edgesThatAreNeitherIntegersNorStringsAreRefused(String json) {
    assertThatThrownBy(() -> mapper.readValue(json, Range.class))
        .isInstanceOf(JsonMappingException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "1Mi, 1048576",
    "999999999Mi, 1048575998951424",
    "3Gi, 3221225472",
    "2Ti, 2199023255552"
  })
  void sizesAreBytes(String size, long bytes) throws JsonProcessingException {
    Split split = mapper.readValue("{\"maxSize\":\"" + size + "\"}", Split.class);
    assertThat(split.maxBytes()).isEqualTo(bytes);
    assertThat(split.mode()).isEqualTo(SplitMode.Report);
    assertThat(mapper.readValue("{}", Split.class).maxBytes()).isNull();
  }

  @Test
  void absentFieldsTakeTheDefaultsOfTheSchema() throws JsonProcessingException {
    PartitionSpec spec =
        mapper.readValue("{\"collection\":\"c\",\"range\":{}}", PartitionSpec.class);
    assertThat(spec.replicas()).isEqualTo(3);
    assertThat(spec.deletionPolicy()).isEqualTo(DeletionPolicy.Retain);
    assertThat(spec.paused()).isFalse();
    assertThat(spec.range()).isEqualTo(Range.between(null, null));
  }
}
