import com.amazonaws.auth.profile.ProfilesConfigFile;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.profiles.ProfileFile;

/**
 * Answers, line by line, what an AWS SDK for Java reads in a config or credentials file. The argument is v1 or v2.
 *
 * <pre>
 * In:  {"kind": "config" | "credentials", "content": base64}
 * Out: {"profiles": {name: {key: value}}} or {"error": text}
 * </pre>
 */
public final class Parse {
    /** Where sections that v2 gives out only by name may begin; what v2 makes of the header is v2's own affair. */
    private static final Pattern SECTION = Pattern.compile("\\[\\s*(sso-session|services)\\s+([^\\]]*?)\\s*\\]");

    private Parse() {}

    public static void main(String[] args) throws IOException {
        ObjectMapper json = new ObjectMapper();
        Reader reader = args[0].equals("v1") ? v1() : Parse::v2;
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode question = json.readTree(line);
            Map<String, Object> answer = new TreeMap<>();
            try {
                answer.put("profiles", reader.read(question.get("kind").asText(), question.get("content").binaryValue()));
            } catch (RuntimeException | StackOverflowError e) {
                // Not only SdkClientException: whatever leaves the SDK ends a program that uses it.
                answer.put("error", e.toString());
            }
            out.println(json.writeValueAsString(answer));
        }
    }

    private interface Reader {
        Map<String, Map<String, String>> read(String kind, byte[] content) throws IOException;
    }

    /** v1 reads a path only, and both kinds of file alike. */
    private static Reader v1() throws IOException {
        File file = File.createTempFile("parse", null);
        file.deleteOnExit();
        return (kind, content) -> {
            Files.write(file.toPath(), content);
            Map<String, Map<String, String>> out = new TreeMap<>();
            ProfilesConfigFile profiles = new ProfilesConfigFile(file);
            for (String section : profiles.getAllBasicProfiles().keySet()) {
                // v1 keeps the prefix, and looks a name up first without it, then with it.
                String name = section.startsWith("profile ") ? section.substring("profile ".length()) : section;
                out.put(name, profiles.getBasicProfile(name).getProperties());
            }
            return out;
        };
    }

    private static Map<String, Map<String, String>> v2(String kind, byte[] content) {
        boolean config = kind.equals("config");
        ProfileFile file =
                ProfileFile.builder()
                        .type(config ? ProfileFile.Type.CONFIGURATION : ProfileFile.Type.CREDENTIALS)
                        .content(new ByteArrayInputStream(content))
                        .build();
        Map<String, Map<String, String>> out = new TreeMap<>();
        file.profiles().forEach((name, profile) -> out.put(name, profile.properties()));
        Matcher sections = SECTION.matcher(new String(content, StandardCharsets.UTF_8));
        while (config && sections.find()) {
            String kindOf = sections.group(1);
            String name = sections.group(2);
            file.getSection(kindOf, name).ifPresent(s -> out.put(kindOf + " " + name, s.properties()));
        }
        return out;
    }
}
