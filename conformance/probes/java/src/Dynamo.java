import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.dynamodb.DynamoDBClient;

/** EMR's DynamoDB connector as a probe. */
final class Dynamo {
    private Dynamo() {}

    public static void main(String[] args) throws Exception {
        String variant = args.length > 0 ? args[0] : "";
        if (!variant.equals("default") && !variant.equals("pinned")) {
            throw new IllegalArgumentException("unknown variant \"" + variant + "\"; there are default and pinned");
        }
        Answers.runRequests(() -> {
            Configuration configuration = new Configuration();
            if (variant.equals("pinned")) { // as rolechain spark-conf writes it for EMR
                configuration.set("dynamodb.customAWSCredentialsProvider", "org.apache.hadoop.fs.s3a.auth.IAMInstanceCredentialsProvider");
            }
            configuration.set("dynamodb.max.retry.duration", "0"); // minutes
            DynamoDBClient client = new DynamoDBClient(configuration, System.getenv("AWS_REGION"));
            return () -> {
                client.describeTable("rows");
                return null;
            };
        });
    }
}
