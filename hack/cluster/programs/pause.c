/* Holds a sandbox's namespaces: waits, and reaps what is re-parented to it where the pod shares
 * its process namespace. Says which signal ended it, so that a test can see that it was asked. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t ended_by;

static void end(int signal) { ended_by = signal; }

/* An empty handler instead of SIG_IGN: sigsuspend must return so that the loop can reap. */
static void wake(int signal) { (void)signal; }

static void on(int signal, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler};
  sigaction(signal, &action, NULL);
}

int main(void) {
  sigset_t blocked, before;
  sigfillset(&blocked);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  on(SIGINT, end);
  on(SIGTERM, end);
  on(SIGCHLD, wake);
  while (!ended_by) {
    sigsuspend(&before);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
  }
  fprintf(stderr, "pause: ended by signal %d\n", (int)ended_by);
  return 0;
}
