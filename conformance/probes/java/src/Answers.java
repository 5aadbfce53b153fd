import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The protocol of the probes (../../README.md): a line on stdin, an answer on stdout. */
final class Answers {
    /** A little less than the protocol allows. */
    private static final long PATIENCE_SECONDS = Long.parseLong(System.getenv().getOrDefault("PROBE_PATIENCE", "60")) - 5;

    private Answers() {}

    /**
     * Makes what lives as long as the process, then answers each line on stdin with what it returns, an access key id.
     * Ends the process when stdin ends. What cannot be made answers why, each time.
     */
    static void run(Callable<Callable<String>> start) throws IOException, InterruptedException {
        run("key", start);
    }

    /** The same for a connector that returns what it would hand to its service: a signed token. */
    static void runTokens(Callable<Callable<String>> start) throws IOException, InterruptedException {
        run("token", start);
    }

    /**
     * The same for a connector that shows nobody its credentials and makes a request instead, whose service refuses it. The key
     * is what the service saw, and the error is for the case that it saw none.
     */
    static void runRequests(Callable<Callable<Void>> start) throws IOException, InterruptedException {
        run("key", () -> {
            Callable<Void> ask = start.call();
            return () -> {
                try {
                    ask.call();
                    return "*";
                } catch (Exception e) {
                    throw new Refused(e);
                }
            };
        });
    }

    /** A request that failed, perhaps after its service had seen it. */
    private static final class Refused extends Exception {
        Refused(Exception cause) {
            super(cause);
        }
    }

    private static void run(String name, Callable<Callable<String>> start) throws IOException, InterruptedException {
        try {
            serve(name, start);
        } catch (LinkageError e) {
            e.printStackTrace(); // a jar is missing: that is no answer of the SDK
            System.exit(1);
        }
        System.exit(0); // pools of idle connections keep threads
    }

    private static void serve(String name, Callable<Callable<String>> start) throws IOException, InterruptedException {
        PrintStream out = System.out;
        System.setOut(System.err); // a library that prints must not answer
        Callable<String> ask = make(start);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (in.readLine() != null) {
            out.println(answer(name, ask));
            out.flush();
        }
    }

    private static Callable<String> make(Callable<Callable<String>> start) {
        try {
            return start.call();
        } catch (Exception e) {
            return () -> {
                throw e;
            };
        }
    }

    private static String answer(String name, Callable<String> ask) throws InterruptedException {
        FutureTask<String> task = new FutureTask<>(ask);
        Thread thread = new Thread(task, "ask");
        thread.setDaemon(true);
        thread.start();
        try {
            return line(name, task.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LinkageError broken) {
                throw broken;
            }
            if (e.getCause() instanceof Refused refused) {
                return both(line("key", "*"), line("error", messages(refused.getCause())));
            }
            return line("error", messages(e.getCause()));
        } catch (TimeoutException e) {
            return line("error", "no answer from the SDK within " + PATIENCE_SECONDS + " s");
        }
    }

    private static String both(String one, String other) {
        return one.substring(0, one.length() - 1) + "," + other.substring(1);
    }

    /** The whole chain of causes, each said once: wrappers often hide what STS said, or repeat it. */
    private static String messages(Throwable error) {
        StringBuilder all = new StringBuilder(error.toString());
        for (Throwable e = error.getCause(); e != null; e = e.getCause()) {
            if (e.getMessage() == null || all.indexOf(e.getMessage()) < 0) {
                all.append(": ").append(e);
            }
        }
        return all.toString();
    }

    private static String line(String name, String value) {
        StringBuilder json = new StringBuilder("{\"" + name + "\":\"");
        for (char c : value.toCharArray()) {
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else {
                json.append(c < ' ' ? ' ' : c);
            }
        }
        return json.append("\"}").toString();
    }
}
