/** Prints the access key ids that the default chains of both AWS SDKs for Java resolve, or what they say. */
public class Probe {
    public static void main(String[] args) {
        if (args[0].equals("v1")) {
            try {
                System.out.println(new com.amazonaws.auth.DefaultAWSCredentialsProviderChain().getCredentials().getAWSAccessKeyId());
            } catch (Throwable e) { // v1 can recurse until the stack is full
                System.out.println("error " + e.getClass().getSimpleName());
            }
            return;
        }
        try {
            System.out.println(software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider.create().resolveCredentials().accessKeyId());
        } catch (Exception e) {
            System.out.println("error " + e.getClass().getSimpleName());
        }
    }
}
