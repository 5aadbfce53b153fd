import com.amazonaws.ClientConfiguration;
import com.amazonaws.SdkBaseException;
import com.amazonaws.auth.AWSCredentialsProvider;
import com.amazonaws.auth.DefaultAWSCredentialsProviderChain;
import com.amazonaws.auth.EC2ContainerCredentialsProviderWrapper;
import com.amazonaws.auth.profile.ProfileCredentialsProvider;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.AmazonS3ClientBuilder;
import com.amazonaws.services.s3.model.HeadBucketRequest;
import java.util.function.Supplier;

/** The AWS SDK for Java v1 as a probe. */
final class V1 {
    private V1() {}

    public static void main(String[] args) throws Exception {
        Supplier<AWSCredentialsProvider> variant = variant(args.length > 0 ? args[0] : "");
        String endpoint = System.getenv("PROBE_S3_ENDPOINT");
        Answers.run(() -> {
            AWSCredentialsProvider provider = variant.get();
            AmazonS3 s3 = endpoint == null ? null : s3(provider, endpoint);
            return () -> {
                String key = provider.getCredentials().getAWSAccessKeyId();
                if (s3 != null) {
                    request(s3);
                }
                return key;
            };
        });
    }

    private static Supplier<AWSCredentialsProvider> variant(String name) {
        return switch (name) {
            // Not getInstance(): the chain is this probe's own.
            case "default" -> DefaultAWSCredentialsProviderChain::new;
            case "profile" -> ProfileCredentialsProvider::new;
            case "container" -> EC2ContainerCredentialsProviderWrapper::new;
            case "base" -> () -> new ProfileCredentialsProvider("job-execution-role");
            default -> throw new IllegalArgumentException(
                    "unknown variant \"" + name + "\"; there are default, profile, container and base");
        };
    }

    private static AmazonS3 s3(AWSCredentialsProvider provider, String endpoint) {
        return AmazonS3ClientBuilder.standard()
                .withCredentials(provider)
                .withEndpointConfiguration(new EndpointConfiguration(endpoint, "us-east-1"))
                .withPathStyleAccessEnabled(true)
                .withClientConfiguration(new ClientConfiguration().withMaxErrorRetry(0).withSocketTimeout(30_000))
                .build();
    }

    /** Shows whoever listens what is signed with. What comes of it says nothing about credentials. */
    private static void request(AmazonS3 s3) {
        try {
            s3.headBucket(new HeadBucketRequest("probe-bucket"));
        } catch (SdkBaseException e) {
            System.err.println("the request: " + e);
        }
    }
}
