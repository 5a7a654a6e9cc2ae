/* A server in an image without a shell: answers HTTP 200 on a port (8080, or the first argument)
 * until it is sent TERM. Where the port is taken it says so and sleeps, as tests want a container
 * that runs. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char answer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

/* Async-signal-safe, and needed at all because PID 1 has no default action for TERM. */
static void end(int signal) {
  static const char said[] = "noshell: asked to end\n";
  (void)signal;
  if (write(STDERR_FILENO, said, sizeof said - 1) < 0) _exit(1);
  _exit(0);
}

static int listener(int port) {
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  int on = 1, off = 0, server = socket(AF_INET6, SOCK_STREAM, 0);
  if (server < 0) return -1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(server, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (bind(server, (struct sockaddr *)&address, sizeof address) < 0 || listen(server, 64) < 0) {
    close(server);
    return -1;
  }
  return server;
}

static void serve(int client) {
  struct timeval patience = {.tv_sec = 2};
  char request[4096];
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (read(client, request, sizeof request) > 0 && write(client, answer, sizeof answer - 1) < 0)
    perror("noshell: write");
  close(client);
}

int main(int count, char **arguments) {
  int port = count > 1 ? atoi(arguments[1]) : 8080;
  signal(SIGTERM, end);
  signal(SIGINT, end);
  signal(SIGPIPE, SIG_IGN);
  int server = listener(port);
  if (server < 0) perror("noshell: cannot listen, sleeping instead");
  else fprintf(stderr, "noshell: listening on %d\n", port);
  for (;;) {
    int client = server < 0 ? pause() : accept(server, NULL, NULL);
    if (client >= 0) serve(client);
  }
}
