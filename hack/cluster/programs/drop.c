/* drop UID PROGRAM [ARGUMENT...]: becomes UID for good and runs PROGRAM in the same process, as
 * the entry points of many database images do (su-exec, gosu). */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "usage: drop UID PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  uid_t uid = (uid_t)strtoul(arguments[1], NULL, 10);
  if (setgroups(0, NULL) || setgid(uid) || setuid(uid)) {
    perror("drop");
    return 1;
  }
  execvp(arguments[2], arguments + 2);
  perror(arguments[2]);
  return 127;
}
