import org.apache.hadoop.fs.s3a.S3AFileSystem;

/** S3A on the AWS SDK for Java v1, up to Hadoop 3.3. */
final class S3A33 extends S3A {
    public static void main(String[] args) throws Exception {
        new S3A33().run(args);
    }

    @Override
    String key(S3AFileSystem fs) {
        // The list itself: it is counted, not copied, so the provider that answered the request answers here.
        try (var list = fs.shareCredentials("probe")) {
            return list.getCredentials().getAWSAccessKeyId();
        }
    }
}
