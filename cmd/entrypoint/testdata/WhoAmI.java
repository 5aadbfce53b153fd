import com.amazonaws.auth.DefaultAWSCredentialsProviderChain;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

// WhoAmI prints the access key id that AWS SDK for Java v1 or v2, its first argument, finds for each profile behind that. "-" is
// the default chain.
public class WhoAmI {
    public static void main(String[] args) {
        for (int i = 1; i < args.length; i++) {
            boolean chain = args[i].equals("-");
            if (args[0].equals("v1")) {
                System.out.println((chain ? new DefaultAWSCredentialsProviderChain()
                    : new com.amazonaws.auth.profile.ProfileCredentialsProvider(args[i])).getCredentials().getAWSAccessKeyId());
            } else {
                System.out.println((chain ? DefaultCredentialsProvider.create()
                    : software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider.create(args[i])).resolveCredentials().accessKeyId());
            }
        }
    }
}
