package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a Partition shall be: which rows, in how many replicas, where.
///
/// The bounds are exactly one of `range`, `hash` and `columns`; the admin API of the nodes takes
/// them as a JSON object with the same keys.
///
/// @param columns names of the columns of a column group
/// @param replicas voting replicas: 1, 3 or 5
/// @param placement replicas by Site or by labels of Sites, and edge Sites that get a copy, which
///   no other edge Site does; where no entry has replicas, these are spread over all Sites that are
///   no edge
/// @param survive what it survives the loss of; its zone-wise spread is best effort when absent
/// @param leader where the leader is to be, while a replica there is well
/// @param residency where its data may be, copies at edge Sites included; anywhere when absent
/// @param paused the operator leaves the Partition as it is
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value =
        "(has(self.range) ? 1 : 0) + (has(self.hash) ? 1 : 0) + (has(self.columns) ? 1 : 0) == 1",
    message = "exactly one of range, hash and columns must be given")
@ValidationRule(
    value = "self.collection == oldSelf.collection",
    message = "collection is immutable")
@ValidationRule(
    value =
        "has(self.range) == has(oldSelf.range) && has(self.hash) == has(oldSelf.hash)"
            + " && has(self.columns) == has(oldSelf.columns)",
    message = "the kind of bounds is immutable")
@ValidationRule(
    value = "!has(self.range) || !has(oldSelf.range) || self.range == oldSelf.range",
    message = "range is immutable")
@ValidationRule(
    value = "!has(self.hash) || !has(oldSelf.hash) || self.hash == oldSelf.hash",
    message = "hash is immutable")
@ValidationRule(
    value = "!has(self.columns) || !has(oldSelf.columns) || self.columns == oldSelf.columns",
    message = "columns are immutable")
@ValidationRule(
    value = "!has(self.columns) || !('id' in self.columns)",
    message = "id is the key of documents and in every group: it is not among columns")
@ValidationRule(value = "self.replicas in [1, 3, 5]", message = "replicas must be 1, 3 or 5")
@ValidationRule(
    value =
        "!has(self.placement) || !self.placement.exists(p, has(p.replicas))"
            + " || self.placement.map(p, has(p.replicas) ? p.replicas : 0).sum() == self.replicas",
    message = "the replicas of placement must add up to replicas")
@ValidationRule(
    value =
        "!has(self.placement) || self.placement.all(p, !has(p.site)"
            + " || self.placement.exists_one(other, has(other.site) && other.site == p.site))",
    message = "placement names a Site twice")
@ValidationRule(
    value = "!has(self.survive) || self.replicas >= 3",
    message = "one replica survives no loss: survive needs 3 or 5 replicas")
public record PartitionSpec(
    @JsonPropertyDescription("The collection whose rows these are; immutable.")
        @Required
        @Pattern(Texts.COLLECTION)
        @Size(min = 1, max = 128)
        String collection,
    @JsonPropertyDescription("Rows whose partition key lies in a range; immutable.")
        @Nullable Range range,
    @JsonPropertyDescription("Rows whose partition key hashes to a remainder; immutable.")
        @Nullable Hash hash,
    @JsonPropertyDescription(
            "A group of related columns, the top-level fields of documents, of every row; immutable.")
        @Size(min = 1, max = 64)
        @Nullable List<@Pattern(Texts.COLUMN) @Size(min = 1, max = 128) String> columns,
    @JsonPropertyDescription("Voting replicas: 1, 3 or 5.") @Default("3") Integer replicas,
    @JsonPropertyDescription(
            "Replicas by Site or by labels of Sites, and edge Sites that get a copy. Where no entry has replicas, these are spread over all Sites that are no edge.")
        @Size(max = 16)
        @Nullable List<Placement> placement,
    @JsonPropertyDescription(
            "No one zone, region or cloud has so many replicas that its loss would cost the quorum.")
        @Nullable Survive survive,
    @JsonPropertyDescription("Where the leader is to be, while a replica there is well.")
        @Nullable Location leader,
    @JsonPropertyDescription("Data is at these locations and nowhere else; anywhere when absent.")
        @Size(min = 1, max = 16)
        @Nullable List<Location> residency,
    @JsonPropertyDescription("Automatic repartitioning; off when absent.") @Nullable Split split,
    @JsonPropertyDescription("What deleting this resource does with the rows.") @Default("Retain")
        DeletionPolicy deletionPolicy,
    @JsonPropertyDescription("Leave the Partition as it is.") @Default("false") Boolean paused) {

  /// Replicas of a Partition that does not say how many.
  public static final int REPLICAS_DEFAULT = 3;

  @SuppressWarnings("ConstantValue") // JSON may leave a component out, whatever its type says.
  public PartitionSpec {
    columns = columns == null ? null : List.copyOf(columns);
    replicas = replicas == null ? REPLICAS_DEFAULT : replicas;
    placement = placement == null ? null : List.copyOf(placement);
    residency = residency == null ? null : List.copyOf(residency);
    deletionPolicy = deletionPolicy == null ? DeletionPolicy.Retain : deletionPolicy;
    paused = paused != null && paused;
  }
}
