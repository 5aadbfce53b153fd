import java.util.concurrent.ExecutionException;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.kinesis.common.KinesisClientUtil;

/** Kinesis as a probe: the client that the Kinesis Client Library makes, as its consumers and Spark's connectors use it. */
final class Kinesis {
    private Kinesis() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 1 || !args[0].equals("kcl")) {
            throw new IllegalArgumentException("unknown variant; there is kcl");
        }
        Answers.runRequests(() -> {
            KinesisAsyncClient client = KinesisClientUtil.createKinesisAsyncClient(KinesisAsyncClient.builder());
            return () -> {
                try {
                    client.describeStreamSummary(b -> b.streamName("rows")).get();
                } catch (ExecutionException e) {
                    throw e.getCause() instanceof Exception cause ? cause : e;
                }
                return null;
            };
        });
    }
}
