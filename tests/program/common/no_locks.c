/* A file system without locks, as it looks to a program. */
#include <errno.h>

int flock(int file, int operation) {
  (void)file; (void)operation;
  errno = ENOLCK;
  return -1;
}
