import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.s3a.S3AFileSystem;

/** Hadoop's S3A file system as a probe, with the credential providers that it takes when none are named. */
abstract class S3A {
    /** The access key id that the file system's own list of providers has now. */
    abstract String key(S3AFileSystem fs) throws Exception;

    void run(String[] args) throws Exception {
        if (args.length != 1 || !args[0].equals("default")) {
            throw new IllegalArgumentException("unknown variant; there is default");
        }
        Configuration configuration = configuration();
        Answers.run(() -> {
            S3AFileSystem fs = (S3AFileSystem) FileSystem.newInstance(URI.create("s3a://probe-bucket/"), configuration);
            return () -> {
                request(fs);
                return key(fs);
            };
        });
    }

    private static Configuration configuration() {
        String endpoint = System.getenv("PROBE_S3_ENDPOINT");
        if (endpoint == null) {
            throw new IllegalStateException("PROBE_S3_ENDPOINT is not set: S3A asks for credentials when it makes a request, "
                    + "so give it a server that answers 404");
        }
        Configuration c = new Configuration();
        c.set("fs.s3a.endpoint", endpoint);
        c.set("fs.s3a.endpoint.region", "us-east-1");
        c.set("fs.s3a.path.style.access", "true");
        c.set("fs.s3a.connection.ssl.enabled", "false");
        // Whoever answers does so at once or never.
        c.set("fs.s3a.attempts.maximum", "1");
        c.set("fs.s3a.retry.limit", "0");
        c.set("fs.s3a.retry.throttle.limit", "0");
        return c;
    }

    /** A real request, signed. That there is no such object is an answer too. */
    private static void request(S3AFileSystem fs) throws IOException {
        try {
            fs.getFileStatus(new Path("/x"));
        } catch (FileNotFoundException e) {
            System.err.println("the endpoint answers: " + e);
        }
    }
}
