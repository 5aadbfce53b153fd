import org.opensearch.client.opensearch.OpenSearchClient;
import org.opensearch.client.transport.aws.AwsSdk2Transport;
import org.opensearch.client.transport.aws.AwsSdk2TransportOptions;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;

/** OpenSearch's client for Java with its transport for AWS as a probe. */
final class OpenSearch {
    private OpenSearch() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 1 || !args[0].equals("default")) {
            throw new IllegalArgumentException("unknown variant; there is default");
        }
        Answers.runRequests(() -> {
            OpenSearchClient client = new OpenSearchClient(new AwsSdk2Transport(ApacheHttpClient.create(),
                    "search-demo.eu-west-1.es.amazonaws.com", "es", Region.EU_WEST_1, AwsSdk2TransportOptions.builder().build()));
            return () -> {
                client.count(b -> b.index("rows"));
                return null;
            };
        });
    }
}
