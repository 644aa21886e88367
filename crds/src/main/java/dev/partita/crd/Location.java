package dev.partita.crd;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Size;
import io.fabric8.generator.annotation.ValidationRule;
import org.jspecify.annotations.Nullable;

/// Nodes, told by where they are: those at which everything that is given is so.
@JsonInclude(JsonInclude.Include.NON_NULL)
@ValidationRule(
    value =
        "has(self.site) || has(self.siteSelector) || has(self.cloud) || has(self.region) || has(self.zone)",
    message = "one of site, siteSelector, cloud, region and zone must be given")
public record Location(
    @JsonPropertyDescription("Name of the Site.") @Pattern(Texts.OBJECT_NAME) @Size(max = 253)
        @Nullable String site,
    @JsonPropertyDescription("Labels of the Site.") @Nullable SiteSelector siteSelector,
    @JsonPropertyDescription("Cloud of the Site.") @Pattern(Texts.LABEL_VALUE) @Size(max = 63)
        @Nullable String cloud,
    @JsonPropertyDescription("Region of the Site.") @Pattern(Texts.LABEL_VALUE) @Size(max = 63)
        @Nullable String region,
    @JsonPropertyDescription("Zone of the node.") @Pattern(Texts.LABEL_VALUE) @Size(max = 63)
        @Nullable String zone) {}
