package dev.partita.image;

import com.google.cloud.tools.jib.api.Credential;
import com.google.cloud.tools.jib.api.CredentialRetriever;
import com.google.cloud.tools.jib.api.DescriptorDigest;
import com.google.cloud.tools.jib.api.ImageReference;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.RegistryException;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.blob.BlobDescriptor;
import com.google.cloud.tools.jib.event.EventHandlers;
import com.google.cloud.tools.jib.frontend.CredentialRetrieverFactory;
import com.google.cloud.tools.jib.hash.Digests;
import com.google.cloud.tools.jib.http.FailoverHttpClient;
import com.google.cloud.tools.jib.image.json.ContainerConfigurationTemplate;
import com.google.cloud.tools.jib.image.json.OciIndexTemplate;
import com.google.cloud.tools.jib.image.json.OciManifestTemplate;
import com.google.cloud.tools.jib.json.JsonTemplateMapper;
import com.google.cloud.tools.jib.registry.ManifestAndDigest;
import com.google.cloud.tools.jib.registry.RegistryClient;
import com.google.cloud.tools.jib.registry.credentials.CredentialRetrievalException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// Images in registries: with the credentials of `docker login`, and in plain text only where the
/// registry is on this machine, as with other tools.
final class Registry {
  private Registry() {}

  /// An image to read or write.
  static RegistryImage image(ImageReference reference) {
    return RegistryImage.named(reference).addCredentialRetriever(credentials(reference));
  }

  static boolean isOnThisMachine(ImageReference reference) {
    String host = reference.getRegistry().replaceFirst(":\\d+$", "");
    return host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
  }

  /// Makes one name of images for several architectures: an index of what was pushed under a tag
  /// for each.
  ///
  /// @param tags of the images, one for each architecture
  /// @return the name, with the digest of the index
  static String join(String repository, String tag, List<String> tags) {
    try {
      ImageReference name = ImageReference.parse(repository + ":" + tag);
      RegistryClient client = client(name);
      OciIndexTemplate index = new OciIndexTemplate();
      Set<String> platforms = new HashSet<>();
      for (String each : tags) {
        String platform = add(index, client, repository + ":" + each, each);
        if (!platforms.add(platform)) {
          throw new ImageFailure(
              "two of " + tags + " are for " + platform + ": join one for each architecture");
        }
      }
      return name + "@" + client.pushManifest(index, tag);
    } catch (IOException | InvalidImageReferenceException | CredentialRetrievalException e) {
      throw new ImageFailure(
          "cannot join " + tags + " of " + repository + ": " + e.getMessage(), e);
    } catch (RegistryException e) {
      throw new ImageFailure("the registry refuses: " + e.getMessage(), e);
    }
  }

  private static RegistryClient client(ImageReference name)
      throws CredentialRetrievalException, IOException, RegistryException {
    Optional<Credential> credential = credentials(name).retrieve();
    RegistryClient.Factory factory =
        RegistryClient.factory(
                EventHandlers.NONE,
                name.getRegistry(),
                name.getRepository(),
                new FailoverHttpClient(isOnThisMachine(name), false, _ -> {}))
            .setUserAgent("partita");
    credential.ifPresent(factory::setCredential);
    RegistryClient client = factory.newRegistryClient();
    if (!client.doPushBearerAuth() && credential.isPresent()) {
      client.configureBasicAuth();
    }
    return client;
  }

  /// @return the platform of the image
  private static String add(OciIndexTemplate index, RegistryClient client, String name, String tag)
      throws IOException, RegistryException {
    ManifestAndDigest<OciManifestTemplate> pulled =
        client.pullManifest(tag, OciManifestTemplate.class);
    // The client keeps no bytes; written anew they have to be the same, or size and digest differ.
    BlobDescriptor written = Digests.computeDigest(pulled.getManifest());
    if (!written.getDigest().equals(pulled.getDigest())) {
      throw new ImageFailure(name + " was not pushed by ./partita image");
    }
    DescriptorDigest digest =
        Objects.requireNonNull(pulled.getManifest().getContainerConfiguration()).getDigest();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    client.pullBlob(digest, _ -> {}, _ -> {}).writeTo(bytes);
    ContainerConfigurationTemplate configuration =
        JsonTemplateMapper.readJson(bytes.toByteArray(), ContainerConfigurationTemplate.class);
    index.addManifest(written, name);
    index
        .getManifests()
        .getLast()
        .setPlatform(configuration.getArchitecture(), configuration.getOs());
    return configuration.getOs() + "/" + configuration.getArchitecture();
  }

  private static CredentialRetriever credentials(ImageReference reference) {
    return CredentialRetrieverFactory.forImage(reference, _ -> {}).dockerConfig();
  }
}
