package dev.partita.operator.repartition;

import dev.partita.operator.nodeclient.PartitionView;
import java.util.function.DoubleBinaryOperator;

/// What there is to do for a Partition, at its leader.
///
/// @param cpu processor time, in cores
public record Load(double operationsPerSecond, double cpu) {

  /// Nothing to do.
  public static final Load NONE = new Load(0, 0);

  /// The load of a Partition as it is now.
  public static Load of(PartitionView partition) {
    return new Load(partition.operationsPerSecond(), partition.cpu());
  }

  /// Each figure of two loads together.
  Load with(Load other, DoubleBinaryOperator together) {
    return new Load(
        together.applyAsDouble(operationsPerSecond, other.operationsPerSecond),
        together.applyAsDouble(cpu, other.cpu));
  }

  Load plus(Load other) {
    return with(other, Double::sum);
  }
}
