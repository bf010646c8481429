/* Threads, sockets and time on POSIX and on Windows, as far as the plugin needs them.
 *
 * Only the worker uses this; nothing here may be called from run().
 */
#ifndef MAGNET_PORTABLE_H
#define MAGNET_PORTABLE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef _WIN32

#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>

typedef HANDLE Thread;
typedef CRITICAL_SECTION Lock;
typedef SOCKET Socket;
#define NO_SOCKET INVALID_SOCKET
#define THREAD_BODY(name, given) static DWORD WINAPI name(LPVOID given)
#define THREAD_END 0

static inline bool thread_start(Thread* thread, LPTHREAD_START_ROUTINE body, void* given)
{
    *thread = CreateThread(NULL, 0, body, given, 0, NULL);
    return *thread != NULL;
}
static inline void thread_join(Thread thread)
{
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}
static inline void lock_make(Lock* lock) { InitializeCriticalSection(lock); }
static inline void lock_take(Lock* lock) { EnterCriticalSection(lock); }
static inline void lock_give(Lock* lock) { LeaveCriticalSection(lock); }
static inline void lock_end(Lock* lock) { DeleteCriticalSection(lock); }
static inline double now_seconds(void) { return (double)GetTickCount64() / 1000.0; }
static inline void rest_ms(unsigned ms) { Sleep(ms); }
static inline void sockets_begin(void)
{
    WSADATA data;
    WSAStartup(MAKEWORD(2, 2), &data);
}
static inline void sockets_end(void) { WSACleanup(); }
static inline void socket_close(Socket socket) { closesocket(socket); }
static inline bool socket_waits(void)
{
    const int error = WSAGetLastError();
    return error == WSAEWOULDBLOCK || error == WSAEINPROGRESS;
}
static inline void socket_no_wait(Socket socket)
{
    u_long on = 1;
    ioctlsocket(socket, FIONBIO, &on);
}
#define socket_fits_select(socket) true
#define SEND_QUIETLY 0

#else

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef pthread_t Thread;
typedef pthread_mutex_t Lock;
typedef int Socket;
#define NO_SOCKET (-1)
#define THREAD_BODY(name, given) static void* name(void* given)
#define THREAD_END NULL

static inline bool thread_start(Thread* thread, void* (*body)(void*), void* given)
{
    return pthread_create(thread, NULL, body, given) == 0;
}
static inline void thread_join(Thread thread) { pthread_join(thread, NULL); }
static inline void lock_make(Lock* lock) { pthread_mutex_init(lock, NULL); }
static inline void lock_take(Lock* lock) { pthread_mutex_lock(lock); }
static inline void lock_give(Lock* lock) { pthread_mutex_unlock(lock); }
static inline void lock_end(Lock* lock) { pthread_mutex_destroy(lock); }
static inline double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
static inline void rest_ms(unsigned ms)
{
    const struct timespec length = {ms / 1000, (long)(ms % 1000) * 1000000L};
    nanosleep(&length, NULL);
}
static inline void sockets_begin(void) {}
static inline void sockets_end(void) {}
static inline void socket_close(Socket socket) { close(socket); }
static inline bool socket_waits(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS || errno == EINTR;
}
static inline void socket_no_wait(Socket socket)
{
    fcntl(socket, F_SETFL, fcntl(socket, F_GETFL, 0) | O_NONBLOCK);
    fcntl(socket, F_SETFD, FD_CLOEXEC);
#ifdef SO_NOSIGPIPE
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}
/* A DAW may hold more files open than select() can watch. */
#define socket_fits_select(socket) ((socket) < FD_SETSIZE)
#ifdef MSG_NOSIGNAL
#define SEND_QUIETLY MSG_NOSIGNAL
#else
#define SEND_QUIETLY 0
#endif

#endif
#endif
