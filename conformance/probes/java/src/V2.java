import java.net.URI;
import java.util.function.Supplier;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.retry.RetryPolicy;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** The AWS SDK for Java v2 as a probe. */
final class V2 {
    private V2() {}

    public static void main(String[] args) throws Exception {
        Supplier<AwsCredentialsProvider> variant = variant(args.length > 0 ? args[0] : "");
        String endpoint = System.getenv("PROBE_S3_ENDPOINT");
        Answers.run(() -> {
            AwsCredentialsProvider provider = variant.get();
            S3Client s3 = endpoint == null ? null : s3(provider, endpoint);
            return () -> {
                String key = provider.resolveCredentials().accessKeyId();
                if (s3 != null) {
                    request(s3);
                }
                return key;
            };
        });
    }

    private static Supplier<AwsCredentialsProvider> variant(String name) {
        return switch (name) {
            case "default" -> () -> DefaultCredentialsProvider.builder().build();
            case "profile" -> ProfileCredentialsProvider::create;
            case "container" -> () -> ContainerCredentialsProvider.builder().build();
            case "base" -> () -> ProfileCredentialsProvider.create("job-execution-role");
            default -> throw new IllegalArgumentException(
                    "unknown variant \"" + name + "\"; there are default, profile, container and base");
        };
    }

    private static S3Client s3(AwsCredentialsProvider provider, String endpoint) {
        return S3Client.builder()
                .credentialsProvider(provider)
                .endpointOverride(URI.create(endpoint))
                .region(Region.US_EAST_1)
                .forcePathStyle(true)
                // The one way to say it that 2.20.160 and the newest both have.
                .overrideConfiguration(c -> c.retryPolicy(RetryPolicy.none()))
                .build();
    }

    /** Shows whoever listens what is signed with. What comes of it says nothing about credentials. */
    private static void request(S3Client s3) {
        try {
            s3.headBucket(b -> b.bucket("probe-bucket"));
        } catch (SdkException e) {
            System.err.println("the request: " + e);
        }
    }
}
