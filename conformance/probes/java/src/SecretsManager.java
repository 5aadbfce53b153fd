import com.amazonaws.secretsmanager.sql.AWSSecretsManagerPostgreSQLDriver;
import java.util.Properties;

/** The JDBC driver that takes user and password from Secrets Manager as a probe. It keeps a secret, so each question is about another. */
final class SecretsManager {
    private SecretsManager() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 1 || !args[0].equals("postgresql")) {
            throw new IllegalArgumentException("unknown variant; there is postgresql");
        }
        Answers.runRequests(() -> {
            AWSSecretsManagerPostgreSQLDriver driver = new AWSSecretsManagerPostgreSQLDriver();
            int[] asked = {0};
            return () -> {
                Properties properties = new Properties();
                properties.setProperty("user", "database-" + asked[0]++);
                driver.connect("jdbc-secretsmanager:postgresql://127.0.0.1:5432/dev", properties).close();
                return null;
            };
        });
    }
}
