import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.AmazonS3ClientBuilder;
import com.amazonaws.services.s3.model.S3ObjectSummary;
import com.amazonaws.services.sqs.AmazonSQS;
import com.amazonaws.services.sqs.AmazonSQSClientBuilder;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Lists a bucket in the driver and sends each name to a queue from the executors, by clients of the AWS SDK for Java v1 that
 * are given no credentials: the default chain finds them. Each JVM has one client for as long as it lives.
 *
 * <pre>DefaultChainV1 BUCKET PREFIX QUEUE ROUNDS</pre>
 */
public final class DefaultChainV1 {
  private static final class Executor {
    static final AmazonSQS SQS = AmazonSQSClientBuilder.defaultClient();
  }

  public static void main(String[] args) {
    String bucket = args[0];
    String prefix = args[1];
    String queue = args[2];
    int rounds = Integer.parseInt(args[3]);
    AmazonS3 s3 = AmazonS3ClientBuilder.defaultClient();
    try (JavaSparkContext spark = new JavaSparkContext()) {
      for (int n = 0; n < rounds; n++) {
        List<String> names = s3.listObjectsV2(bucket, prefix).getObjectSummaries().stream().map(S3ObjectSummary::getKey).sorted().collect(Collectors.toList());
        int each = names.size() / rounds;
        spark.parallelize(names.subList(n * each, (n + 1) * each), 2).foreachPartition(part -> {
          String url = Executor.SQS.getQueueUrl(queue).getQueueUrl();
          part.forEachRemaining(name -> Executor.SQS.sendMessage(url, name));
        });
      }
    }
  }
}
