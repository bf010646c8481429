#include "watch.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef NO_WATCH

void watch_on(void) {}
void watch_off(void) {}
const char* watch_faults(void) { return ""; }

#else

extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void __libc_free(void*);

static __thread int watched;
static char faults[4096];

void watch_on(void) { watched = 1; }
void watch_off(void) { watched = 0; }
const char* watch_faults(void) { return faults; }

static void note(const char* name)
{
    if (!watched || strlen(faults) + strlen(name) + 2 > sizeof faults)
        return;
    strcat(faults, name);
    strcat(faults, " ");
}

void* malloc(size_t size)
{
    note("malloc");
    return __libc_malloc(size);
}
void* calloc(size_t count, size_t size)
{
    note("calloc");
    return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size)
{
    note("realloc");
    return __libc_realloc(memory, size);
}
void free(void* memory)
{
    note("free");
    __libc_free(memory);
}

/* Looked up before any thread begins: dlsym takes a lock of its own. */
static int (*real_lock)(pthread_mutex_t*);
static int (*real_trylock)(pthread_mutex_t*);
static ssize_t (*real_read)(int, void*, size_t);
static ssize_t (*real_write)(int, const void*, size_t);
static ssize_t (*real_send)(int, const void*, size_t, int);

__attribute__((constructor)) static void look_up(void)
{
    *(void**)&real_lock = dlsym(RTLD_NEXT, "pthread_mutex_lock");
    *(void**)&real_trylock = dlsym(RTLD_NEXT, "pthread_mutex_trylock");
    *(void**)&real_read = dlsym(RTLD_NEXT, "read");
    *(void**)&real_write = dlsym(RTLD_NEXT, "write");
    *(void**)&real_send = dlsym(RTLD_NEXT, "send");
}

int pthread_mutex_lock(pthread_mutex_t* lock)
{
    note("pthread_mutex_lock");
    return real_lock ? real_lock(lock) : 0;
}
int pthread_mutex_trylock(pthread_mutex_t* lock)
{
    note("pthread_mutex_trylock");
    return real_trylock ? real_trylock(lock) : 0;
}
ssize_t read(int file, void* to, size_t size)
{
    note("read");
    return real_read(file, to, size);
}
ssize_t write(int file, const void* from, size_t size)
{
    note("write");
    return real_write(file, from, size);
}
ssize_t send(int socket, const void* from, size_t size, int flags)
{
    note("send");
    return real_send(socket, from, size, flags);
}

#endif
