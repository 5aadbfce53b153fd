import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.util.Properties;
import java.util.logging.Logger;

/** The AWS Advanced JDBC Wrapper with its IAM plugin as a probe. The driver below it gets the token as the password. */
final class JdbcWrapper {
    private JdbcWrapper() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 1 || !args[0].equals("iam")) {
            throw new IllegalArgumentException("unknown variant; there is iam");
        }
        Answers.runTokens(() -> {
            Database database = new Database();
            DriverManager.registerDriver(database);
            Class.forName("software.amazon.jdbc.Driver");
            return () -> {
                Properties properties = new Properties();
                properties.setProperty("user", "jane");
                properties.setProperty("wrapperPlugins", "iam");
                properties.setProperty("iamRegion", "eu-west-1");
                properties.setProperty("iamExpiration", "0"); // it keeps a token for 15 minutes otherwise, which is its business
                database.password = null;
                try {
                    DriverManager.getConnection("jdbc:aws-wrapper:postgresql://demo.abcdef.eu-west-1.rds.amazonaws.com:5432/dev", properties).close();
                } catch (SQLException e) {
                    if (database.password == null) {
                        throw e;
                    }
                }
                return database.password;
            };
        });
    }

    /** Takes what a driver of PostgreSQL would send, and refuses. */
    private static final class Database implements Driver {
        private String password;

        @Override
        public Connection connect(String url, Properties info) throws SQLException {
            if (!acceptsURL(url)) {
                return null;
            }
            password = info.getProperty("password");
            throw new SQLException("password authentication failed for user \"jane\"", "28P01");
        }

        @Override
        public boolean acceptsURL(String url) {
            return url.startsWith("jdbc:postgresql:");
        }

        @Override
        public DriverPropertyInfo[] getPropertyInfo(String url, Properties info) {
            return new DriverPropertyInfo[0];
        }

        @Override
        public int getMajorVersion() {
            return 42;
        }

        @Override
        public int getMinorVersion() {
            return 7;
        }

        @Override
        public boolean jdbcCompliant() {
            return false;
        }

        @Override
        public Logger getParentLogger() {
            return Logger.getGlobal();
        }
    }
}
