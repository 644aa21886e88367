package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/// The volume of each node pod of a Site.
///
/// @param size whole Mi, Gi or Ti; may only grow
/// @param className storage class; the cluster's default when absent
/// @param backgroundRate how much flushes and compactions of one node may write in a second, in
///   whole Mi or Gi; unlimited when absent. Another rate restarts the pods one at a time.
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value =
        "int(self.size.substring(0, self.size.size() - 2))"
            + " * (self.size.endsWith('Mi') ? 1 : self.size.endsWith('Gi') ? 1024 : 1048576)"
            + " >= int(oldSelf.size.substring(0, oldSelf.size.size() - 2))"
            + " * (oldSelf.size.endsWith('Mi') ? 1 : oldSelf.size.endsWith('Gi') ? 1024 : 1048576)",
    message = "size may only grow")
@ValidationRule(
    value =
        "has(self.className) == has(oldSelf.className)"
            + " && (!has(self.className) || self.className == oldSelf.className)",
    message = "className is immutable")
public record Storage(
    @JsonPropertyDescription("Size of the volume in whole Mi, Gi or Ti; it may only grow.")
        @Required
        @Pattern(Texts.SIZE)
        @Size(max = 11)
        String size,
    @JsonPropertyDescription("Storage class of the volume; the cluster's default when absent.")
        @Pattern(Texts.OBJECT_NAME)
        @Size(max = 253)
        @Nullable String className,
    @JsonPropertyDescription(
            "How much flushes and compactions of a node may write in a second, in whole Mi or Gi; unlimited when absent. Another rate restarts the pods one at a time.")
        @Pattern(Texts.RATE)
        @Size(max = 11)
        @Nullable String backgroundRate) {}
