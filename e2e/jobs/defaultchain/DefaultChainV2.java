import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.services.sqs.SqsClient;

/**
 * Lists a bucket in the driver and sends each name to a queue from the executors, by clients of the AWS SDK for Java v2 that
 * are given no credentials: the default chain finds them. Each JVM has one client for as long as it lives.
 *
 * <pre>DefaultChainV2 BUCKET PREFIX QUEUE ROUNDS</pre>
 */
public final class DefaultChainV2 {
  private static final class Executor {
    static final SqsClient SQS = SqsClient.create();
  }

  public static void main(String[] args) {
    String bucket = args[0];
    String prefix = args[1];
    String queue = args[2];
    int rounds = Integer.parseInt(args[3]);
    try (JavaSparkContext spark = new JavaSparkContext(); S3Client s3 = S3Client.create()) {
      for (int n = 0; n < rounds; n++) {
        List<String> names =
            s3.listObjectsV2(r -> r.bucket(bucket).prefix(prefix)).contents().stream().map(S3Object::key).sorted().collect(Collectors.toList());
        int each = names.size() / rounds;
        spark.parallelize(names.subList(n * each, (n + 1) * each), 2).foreachPartition(part -> {
          String url = Executor.SQS.getQueueUrl(r -> r.queueName(queue)).queueUrl();
          part.forEachRemaining(name -> Executor.SQS.sendMessage(r -> r.queueUrl(url).messageBody(name)));
        });
      }
    }
  }
}
