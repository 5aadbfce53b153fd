import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
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
        Callable<S3AFileSystem> opened = open();
        Answers.run(() -> {
            S3AFileSystem fs = opened.call();
            request(fs);
            return key(fs);
        });
    }

    /** Opens the file system, once. A job whose file system does not open ends; this one answers why, each time. */
    private static Callable<S3AFileSystem> open() {
        try {
            S3AFileSystem fs = (S3AFileSystem) FileSystem.newInstance(URI.create("s3a://probe-bucket/"), configuration());
            return () -> fs;
        } catch (IOException | RuntimeException e) {
            return () -> {
                throw e;
            };
        }
    }

    private static Configuration configuration() {
        Configuration c = new Configuration();
        c.set("fs.s3a.endpoint", Objects.requireNonNull(System.getenv("PROBE_S3_ENDPOINT"),
                "PROBE_S3_ENDPOINT is not set: S3A resolves credentials only for a request, so it needs somebody to ask"));
        c.set("fs.s3a.endpoint.region", "us-east-1");
        c.set("fs.s3a.path.style.access", "true");
        c.set("fs.s3a.connection.ssl.enabled", "false");
        // The probe's own patience is for credentials, not for a bucket that is not there.
        for (Map.Entry<String, String> e : Map.of(
                "fs.s3a.attempts.maximum", "1",
                "fs.s3a.retry.limit", "0",
                "fs.s3a.retry.throttle.limit", "0").entrySet()) {
            c.set(e.getKey(), e.getValue());
        }
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
