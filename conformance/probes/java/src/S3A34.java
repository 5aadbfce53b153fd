import org.apache.hadoop.fs.s3a.S3AFileSystem;

/** S3A on the AWS SDK for Java v2, from Hadoop 3.4 on. */
final class S3A34 extends S3A {
    public static void main(String[] args) throws Exception {
        new S3A34().run(args);
    }

    @Override
    String key(S3AFileSystem fs) throws Exception {
        // The list itself: it is counted, not copied, so the provider that answered the request answers here.
        try (var list = fs.getS3AInternals().shareCredentials("probe")) {
            return list.resolveCredentials().accessKeyId();
        }
    }
}
