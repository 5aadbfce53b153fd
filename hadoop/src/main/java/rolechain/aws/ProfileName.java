package rolechain.aws;

import java.net.URI;
import org.apache.hadoop.conf.Configuration;

/** Which profile a bucket's requests are signed with, by the bucket's own property. */
final class ProfileName {
  /** The end of the property's name, below {@code fs.s3a.bucket.BUCKET.}. */
  static final String OPTION = "rolechain.profile";

  private ProfileName() {}

  /**
   * Returns the name that the configuration has for the bucket of {@code uri}: {@code
   * fs.s3a.bucket.BUCKET.rolechain.profile}, or {@code fs.s3.bucket.BUCKET.rolechain.profile} for EMRFS, and otherwise what
   * is set for all buckets, {@code fs.s3a.rolechain.profile} or {@code fs.s3.rolechain.profile}.
   *
   * @param uri the file system's, such as s3a://bucket/; S3A gives null when it is asked for no bucket
   * @throws IllegalArgumentException if there is none: the default profile would be a role that nobody asked for
   */
  static String of(URI uri, Configuration configuration) {
    String bucket = uri == null ? null : uri.getHost() != null ? uri.getHost() : uri.getAuthority();
    boolean emrfs = uri != null && ("s3".equals(uri.getScheme()) || "s3n".equals(uri.getScheme()));
    // S3A of an image in which s3:// is S3A, too, reads fs.s3a properties only, and EMRFS those of fs.s3.
    String[] prefixes = emrfs ? new String[] {"fs.s3.", "fs.s3a."} : new String[] {"fs.s3a.", "fs.s3."};
    if (bucket != null) {
      for (String prefix : prefixes) {
        String name = configuration.getTrimmed(prefix + "bucket." + bucket + "." + OPTION, "");
        if (!name.isEmpty()) {
          return name;
        }
      }
    }
    for (String prefix : prefixes) {
      String name = configuration.getTrimmed(prefix + OPTION, "");
      if (!name.isEmpty()) {
        return name;
      }
    }
    String place = bucket == null ? "" : "bucket." + bucket + ".";
    throw new IllegalArgumentException("no profile is named for " + uri + ": set " + prefixes[0] + place + OPTION
        + " to a profile in ~/.aws/config, such as job-execution-role");
  }
}
