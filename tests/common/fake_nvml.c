/* A library in the place of NVIDIA's, with one GPU. What is wrong with it is said by macros. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory;
typedef struct { unsigned gpu, memory; } utilization;

static void forever(void) { for (;;) pause(); }

int nvmlInit_v2(void) {
#ifdef SILENT_AT_START
  forever();
#endif
#ifdef CRASH_AT_START
  abort();
#endif
  if (write(1, "noise\n", 6) < 0) return 999;
  return 0;
}
int nvmlShutdown(void) { return 0; }
const char *nvmlErrorString(int code) { (void)code; return "made up"; }
int nvmlSystemGetDriverVersion(char *text, unsigned n) { strncpy(text, "570.1", n); return 0; }
int nvmlDeviceGetCount_v2(unsigned *n) { *n = 1; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  *device = (void *)1; return index == 0 ? 0 : 2;
}
int nvmlDeviceGetName(void *device, char *text, unsigned n) {
  (void)device; strncpy(text, "Made-up GPU", n); return 0;
}
int nvmlDeviceGetMemoryInfo_v2(void *device, memory *m) {
  (void)device; m->total = 8ull << 30; m->used = 1ull << 30; m->free = 7ull << 30; return 0;
}
int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *mw) {
  (void)device; *mw = 300000; return 0;
}
int nvmlDeviceGetUtilizationRates(void *device, utilization *use) {
  (void)device;
#ifdef SILENT_LATER
  forever();
#endif
#ifdef CRASH_LATER
  abort();
#endif
  use->gpu = 42; use->memory = 7; return 0;
}
