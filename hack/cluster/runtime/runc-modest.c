/* Runs the runc beside it, and asks for no more than this machine can give: CRI-O has no setting
 * for either. Limits of huge pages need a hierarchy that may not be there, and a lower OOM score
 * than one's own needs CAP_SYS_RESOURCE. It lives in the pod's cgroup, so it is small. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *text;

static long own_score(void) {
  long score = 0;
  FILE *file = fopen("/proc/self/oom_score_adj", "r");
  if (file) {
    if (fscanf(file, "%ld", &score) != 1) score = 0;
    fclose(file);
  }
  return score;
}

static int read_whole(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  size_t room = 1 << 16, size = 0, got;
  text = malloc(room);
  while (text && (got = fread(text + size, 1, room - size - 1, file)) > 0) {
    size += got;
    if (room - size < 2) text = realloc(text, room *= 2);
  }
  fclose(file);
  if (!text) return 0;
  text[size] = 0;
  return 1;
}

/* The value of the key; in a string of the document its quotes would be escaped. */
static char *value_of(const char *key) {
  char *found = strstr(text, key);
  if (!found) return NULL;
  found += strlen(key);
  return found + strspn(found, ": \t\n");
}

static void replace(char *from, const char *to, const char *with) {
  size_t head = from - text, tail = strlen(to), middle = strlen(with);
  char *changed = malloc(head + middle + tail + 1);
  if (!changed) exit(1);
  memcpy(changed, text, head);
  memcpy(changed + head, with, middle);
  memcpy(changed + head + middle, to, tail + 1);
  text = changed;
}

static void make_modest(const char *bundle) {
  char path[PATH_MAX], number[32];
  snprintf(path, sizeof path, "%s/config.json", bundle);
  if (!read_whole(path)) return;
  char *value = value_of("\"oomScoreAdj\"");
  long own = own_score();
  if (value && strtol(value, NULL, 10) < own) {
    snprintf(number, sizeof number, "%ld", own);
    replace(value, value + strspn(value, "-0123456789"), number);
  }
  value = value_of("\"hugepageLimits\"");
  char *end = value && *value == '[' ? strchr(value, ']') : NULL;
  if (end && access("/sys/fs/cgroup/hugetlb", F_OK)) replace(value, end + 1, "[]");
  FILE *file = fopen(path, "w");
  if (!file) return;
  fputs(text, file);
  fclose(file);
}

int main(int count, char **arguments) {
  char runc[PATH_MAX];
  ssize_t size = readlink("/proc/self/exe", runc, sizeof runc - 8);
  if (size < 0) return 1;
  runc[size] = 0;
  strcpy(strrchr(runc, '/'), "/runc");
  for (int i = 1; i + 1 < count; i++)
    if (!strcmp(arguments[i], "--bundle") || !strcmp(arguments[i], "-b"))
      make_modest(arguments[i + 1]);
  arguments[0] = runc;
  execv(runc, arguments);
  perror(runc);
  return 127;
}
