import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The protocol of the probes (../../README.md): a line on stdin, an answer on stdout. */
final class Answers {
    /** The protocol allows 60 s. */
    private static final long PATIENCE_SECONDS = 55;

    private Answers() {}

    /** Answers each line on stdin with what ask returns, the access key id; returns when stdin ends. */
    static void run(Callable<String> ask) throws IOException, InterruptedException {
        PrintStream out = System.out;
        System.setOut(System.err); // a library that prints must not answer
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        while (in.readLine() != null) {
            out.println(answer(ask));
            out.flush();
        }
        // Pools of idle connections and the like must not keep the process.
        System.exit(0);
    }

    private static String answer(Callable<String> ask) throws InterruptedException {
        FutureTask<String> task = new FutureTask<>(ask);
        Thread thread = new Thread(task, "ask");
        thread.setDaemon(true);
        thread.start();
        try {
            return line("key", task.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            return line("error", messages(e.getCause()));
        } catch (TimeoutException e) {
            return line("error", "no answer from the SDK within " + PATIENCE_SECONDS + " s");
        }
    }

    /** The whole chain of causes: wrappers often hide what STS said. */
    private static String messages(Throwable error) {
        StringBuilder all = new StringBuilder();
        for (Throwable e = error; e != null; e = e.getCause()) {
            if (all.indexOf(String.valueOf(e.getMessage())) < 0 || e.getMessage() == null) {
                all.append(all.length() == 0 ? "" : ": ").append(e);
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
