package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Max;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/// What of a Partition belongs on one Site, or on some Sites together: voting replicas, or at each
/// edge Site one copy that does not vote.
///
/// @param site name of the Site; absent where `siteSelector` is given
/// @param siteSelector the Sites over which the replicas are spread, or that get a copy each;
///   absent where `site` is given
/// @param replicas voting replicas, on all of these Sites together; absent at edge Sites
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value = "has(self.site) != has(self.siteSelector)",
    message = "exactly one of site and siteSelector must be given")
public record Placement(
    @JsonPropertyDescription("Name of the Site.") @Pattern(Texts.OBJECT_NAME) @Size(max = 253)
        @Nullable String site,
    @JsonPropertyDescription(
            "Labels of the Sites, over which the replicas are spread. Without replicas each edge Site that has the labels gets one copy.")
        @Nullable SiteSelector siteSelector,
    @JsonPropertyDescription(
            "Voting replicas on the nodes of that Site, or of these Sites together; absent at an edge Site, which gets one copy that does not vote.")
        @Min(1)
        @Max(5)
        @Nullable Integer replicas) {}
