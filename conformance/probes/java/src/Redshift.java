import java.sql.DriverManager;

/** Redshift's JDBC driver as a probe. With IAM it asks Redshift for a user and a password of the database's. */
final class Redshift {
    private Redshift() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 1 || !args[0].equals("iam")) {
            throw new IllegalArgumentException("unknown variant; there is iam");
        }
        Answers.runRequests(() -> () -> {
            DriverManager.getConnection("jdbc:redshift:iam://demo.abcdef.eu-west-1.redshift.amazonaws.com:5439/dev?DbUser=jane").close();
            return null;
        });
    }
}
