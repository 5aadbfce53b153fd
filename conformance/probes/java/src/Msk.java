import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.security.auth.callback.Callback;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.AppConfigurationEntry.LoginModuleControlFlag;
import javax.security.auth.login.Configuration;
import javax.security.auth.login.LoginContext;
import javax.security.sasl.Sasl;
import javax.security.sasl.SaslClient;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerTokenCallback;
import software.amazon.msk.auth.iam.IAMClientCallbackHandler;
import software.amazon.msk.auth.iam.IAMLoginModule;
import software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler;

/**
 * MSK's login modules as a probe. A Kafka client configures them once and asks them for each connection, and again for each
 * re-authentication of one. Its answer is what goes to the broker.
 */
final class Msk {
    private static final String MECHANISM = "AWS_MSK_IAM";
    private static final String BROKER = "b-1.demo.abcdef.c2.kafka.eu-west-1.amazonaws.com";

    private Msk() {}

    public static void main(String[] args) throws Exception {
        String variant = args.length > 0 ? args[0] : "";
        if (!variant.equals("iam") && !variant.equals("oauth")) {
            throw new IllegalArgumentException("unknown variant \"" + variant + "\"; there are iam and oauth");
        }
        Answers.runTokens(variant.equals("iam") ? Msk::iam : Msk::oauth);
    }

    private static AppConfigurationEntry entry(Class<?> module) {
        return new AppConfigurationEntry(module.getName(), LoginModuleControlFlag.REQUIRED, Map.of());
    }

    private static Callable<String> iam() throws Exception {
        List<AppConfigurationEntry> jaas = List.of(entry(IAMLoginModule.class));
        Configuration configuration = new Configuration() {
            @Override
            public AppConfigurationEntry[] getAppConfigurationEntry(String name) {
                return jaas.toArray(new AppConfigurationEntry[0]);
            }
        };
        new LoginContext("KafkaClient", null, null, configuration).login(); // it registers the mechanism
        IAMClientCallbackHandler handler = new IAMClientCallbackHandler();
        handler.configure(Map.of(), MECHANISM, jaas);
        return () -> {
            SaslClient client = Sasl.createSaslClient(new String[] {MECHANISM}, null, "kafka", BROKER, Map.of(), handler);
            return new String(client.evaluateChallenge(new byte[0]), StandardCharsets.UTF_8);
        };
    }

    private static Callable<String> oauth() {
        IAMOAuthBearerLoginCallbackHandler handler = new IAMOAuthBearerLoginCallbackHandler();
        handler.configure(Map.of(), OAuthBearerLoginModule.OAUTHBEARER_MECHANISM, List.of(entry(OAuthBearerLoginModule.class)));
        return () -> {
            OAuthBearerTokenCallback callback = new OAuthBearerTokenCallback();
            handler.handle(new Callback[] {callback});
            return callback.token().value();
        };
    }
}
