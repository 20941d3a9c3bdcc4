/*
 * What Debian's libstdc++, made for the C library of GNU, asks for and musl lacks. Bun for musl needs a libstdc++, and Debian has none made
 * for musl; with these few it loads. For tests alone: the addon has its own C++ library inside and needs none of it.
 */
#include <stddef.h>

char __libc_single_threaded = 0;
int __cpu_indicator_init(void) { return 0; }
struct {
  unsigned vendor, type, subtype, features;
} __cpu_model;

/* Says that it knows nothing, so that the other way is taken: dl_iterate_phdr. */
int _dl_find_object(void* pc, void* result) { return -1; }

/* The objects of a thread that ends are left alone. */
int __cxa_thread_atexit_impl(void (*destroy)(void*), void* object, void* dso) { return 0; }

unsigned arc4random(void) {
  static unsigned state = 2463534242u;
  state ^= state << 13, state ^= state >> 17, state ^= state << 5;
  return state;
}

size_t strftime_l(char* to, size_t size, const char* format, const void* time, void* locale);
size_t __strftime_l(char* to, size_t size, const char* format, const void* time, void* locale) {
  return strftime_l(to, size, format, time, locale);
}
