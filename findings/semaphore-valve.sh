#!/bin/sh
# Tomcat's SemaphoreValve, which limits what a Tomcat does at a time. With block="false", a request that finds no permit is dropped,
# and no status is set: the client gets 200 with an empty body, unless highConcurrencyStatus says otherwise. With block="true", the
# default, it waits for as long as it takes, on a thread. And a WebSocket holds a permit only until its handshake is answered, so
# that with one permit any number of sockets is open. (Beside that: how large a text message may be by default.)
# Needs java and javac, 11 or newer.
# Seen with Tomcat 10.1.60 of Debian 12 in November 2026; three requests at once for a servlet that takes a second, and one permit:
#> block=false: 200 "slow", 200 "", 200 ""; the last after 1 s
#> block=false, highConcurrencyStatus=503: 200 "slow", 503 "(a page)", 503 "(a page)"; the last after 1 s
#> block=true: 200 "slow", 200 "slow", 200 "slow"; the last after 3 s
#> block=false: 3 WebSockets are open at a time, for text messages of 8192 bytes at most
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM
chmod 755 "$folder"
(cd "$folder" && apt-get download -q "libtomcat10-java=10.1.60-*" >/dev/null 2>&1)
dpkg -x "$folder"/*.deb "$folder/debian"
# Those of the package lead to a folder of the system.
jars=$(find "$folder/debian/usr/share/java" -name '*.jar' -type f | tr '\n' ':')

cat > "$folder/Try.java" <<'END'
import jakarta.servlet.*;
import jakarta.servlet.http.*;
import jakarta.websocket.*;
import jakarta.websocket.server.*;
import java.io.File;
import java.net.URI;
import java.net.http.*;
import java.util.*;
import java.util.concurrent.*;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.catalina.valves.SemaphoreValve;
import org.apache.tomcat.websocket.server.WsSci;

public class Try {
  static volatile int largest;

  public static class Echo extends Endpoint {
    public void onOpen(Session session, EndpointConfig config) {
      largest = session.getMaxTextMessageBufferSize();
      session.addMessageHandler(String.class, text -> session.getAsyncRemote().sendText(text));
    }
  }

  public static class Slow extends HttpServlet {
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws java.io.IOException {
      try {
        Thread.sleep(1000);
      } catch (InterruptedException reason) {
        throw new java.io.IOException(reason);
      }
      response.getWriter().print("slow");
    }
  }

  public static class Sockets implements ServletContextListener {
    public void contextInitialized(ServletContextEvent event) {
      var container = (ServerContainer) event.getServletContext().getAttribute("jakarta.websocket.server.ServerContainer");
      try {
        container.addEndpoint(ServerEndpointConfig.Builder.create(Echo.class, "/ws").build());
      } catch (DeploymentException reason) {
        throw new IllegalStateException(reason);
      }
    }
  }

  interface Use {
    void with(int port) throws Exception;
  }

  static void run(boolean block, int status, Use use) throws Exception {
    var tomcat = new Tomcat();
    tomcat.setBaseDir(System.getProperty("java.io.tmpdir"));
    tomcat.setPort(0);
    tomcat.getConnector();
    Context context = tomcat.addContext("", new File(System.getProperty("java.io.tmpdir")).getAbsolutePath());
    Tomcat.addServlet(context, "slow", new Slow());
    context.addServletMappingDecoded("/slow", "slow");
    // Handshakes are seen by a filter, which runs where there is a servlet.
    Tomcat.addServlet(context, "default", "org.apache.catalina.servlets.DefaultServlet");
    context.addServletMappingDecoded("/", "default");
    context.addServletContainerInitializer(new WsSci(), null);
    context.addApplicationListener(Sockets.class.getName());
    var valve = new SemaphoreValve();
    valve.setConcurrency(1);
    valve.setBlock(block);
    if (status != 0) valve.setHighConcurrencyStatus(status);
    context.getPipeline().addValve(valve);
    tomcat.start();
    use.with(tomcat.getConnector().getLocalPort());
    tomcat.stop();
    tomcat.destroy();
  }

  static void ask(String title, int port) throws Exception {
    var client = HttpClient.newHttpClient();
    var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/slow")).build();
    client.send(request, HttpResponse.BodyHandlers.ofString());  // the first one is slow for other reasons
    long begin = System.nanoTime();
    var answers = new ArrayList<CompletableFuture<HttpResponse<String>>>();
    for (int i = 0; i < 3; ++i) answers.add(client.sendAsync(request, HttpResponse.BodyHandlers.ofString()));
    var told = new ArrayList<String>();
    for (var answer : answers) told.add(answer.get().statusCode() + " \"" + answer.get().body().replaceFirst("(?s)<!doctype.*", "(a page)") + "\"");
    // Who was first is chance.
    told.sort(Comparator.comparing((String text) -> !text.contains("slow")).thenComparing(text -> text));
    long seconds = Math.round((System.nanoTime() - begin) / 1e9);
    System.out.println(title + ": " + String.join(", ", told) + "; the last after " + seconds + " s");
  }

  static void open(String title, int port) throws Exception {
    var echoed = new CountDownLatch(3);
    var sockets = new ArrayList<WebSocket>();
    for (int i = 0; i < 3; ++i) {
      sockets.add(HttpClient.newHttpClient().newWebSocketBuilder().buildAsync(
          URI.create("ws://127.0.0.1:" + port + "/ws"), new WebSocket.Listener() {
            public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
              echoed.countDown();
              return null;
            }
          }).get());
    }
    for (var socket : sockets) socket.sendText("hello", true).get();
    if (!echoed.await(10, TimeUnit.SECONDS)) throw new IllegalStateException("no echo");
    System.out.println(title + ": " + sockets.size() + " WebSockets are open at a time, for text messages of " +
                       largest + " bytes at most");
    for (var socket : sockets) socket.abort();
  }

  public static void main(String[] arguments) throws Exception {
    java.util.logging.LogManager.getLogManager().reset();
    run(false, 0, port -> ask("block=false", port));
    run(false, 503, port -> ask("block=false, highConcurrencyStatus=503", port));
    run(true, 0, port -> ask("block=true", port));
    run(false, 0, port -> open("block=false", port));
    System.exit(0);
  }
}
END

mkdir "$folder/classes" "$folder/tmp"
javac -d "$folder/classes" -cp "$jars" "$folder/Try.java" 2> "$folder/error.log" || { cat "$folder/error.log" >&2; exit 1; }
java -Djava.io.tmpdir="$folder/tmp" -cp "$folder/classes:$jars" Try > "$folder/seen" 2> "$folder/error.log" ||
  { cat "$folder/error.log" >&2; exit 1; }
sed -n 's/^#> //p' "$0" > "$folder/expected"
if ! diff -u "$folder/expected" "$folder/seen"; then
  echo "$0: this has changed" >&2
  exit 1
fi
echo "$0: as it was"
