/*
 * A disk that fails when it is told to: preloaded into a program (LD_PRELOAD), it has the calls fail that reach files
 * whose path contains FAULTY_DISK_PATH, for as long as the file FAULTY_DISK_CONTROL says so.
 *
 * The control file is one line: CALLS ERROR SKIP NUMBER
 *
 *   CALLS  letters: w writes and reserving room, s syncs, t changes of a file's size,
 *          o opening for writing, c creating, r reads, n renames
 *   ERROR  ENOSPC, EIO, EROFS, EDQUOT, ENOMEM; or SHORT: a write takes half and the next one finds the disk full
 *   SKIP   how many of those calls still succeed
 *   NUMBER any number: counting starts anew whenever the line changes
 *
 * An empty or missing file is a disk that works.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define SHORT_WRITE (-1)
#define MAX_PATH 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char last[256];
static long seen;

static int error_named(const char *name) {
    if (strcmp(name, "ENOSPC") == 0) return ENOSPC;
    if (strcmp(name, "EIO") == 0) return EIO;
    if (strcmp(name, "EROFS") == 0) return EROFS;
    if (strcmp(name, "EDQUOT") == 0) return EDQUOT;
    if (strcmp(name, "ENOMEM") == 0) return ENOMEM;
    if (strcmp(name, "SHORT") == 0) return SHORT_WRITE;
    return EIO;
}

/* The control line, read by system calls that nothing here intercepts. */
static int control(char *line, size_t size) {
    const char *file = getenv("FAULTY_DISK_CONTROL");
    if (file == NULL) return 0;
    long fd = syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    long length = syscall(SYS_read, fd, line, size - 1);
    syscall(SYS_close, fd);
    if (length <= 0) return 0;
    line[length] = 0;
    return 1;
}

/* The error of a call on a path now; 0 if it succeeds. */
static int fault(char call, const char *path) {
    const char *part = getenv("FAULTY_DISK_PATH");
    if (part == NULL || path == NULL || strstr(path, part) == NULL) return 0;
    char line[sizeof last], calls[16], name[16];
    long skip = 0;
    int kept = errno, error = 0;
    if (control(line, sizeof line) && sscanf(line, "%15s %15s %ld", calls, name, &skip) >= 2 && strchr(calls, call)) {
        pthread_mutex_lock(&lock);
        if (strcmp(line, last) != 0) {
            strcpy(last, line);
            seen = 0;
        }
        if (seen++ >= skip) error = error_named(name);
        /* The half that was written is one call, the full disk after it the next. */
        if (error == SHORT_WRITE && seen > skip + 1) error = ENOSPC;
        pthread_mutex_unlock(&lock);
    }
    errno = kept;
    return error;
}

static int fault_of(char call, int fd) {
    char link[64], path[MAX_PATH];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    errno = kept;
    if (length <= 0) return 0;
    path[length] = 0;
    return fault(call, path);
}

static int fails(int error) {
    errno = error == SHORT_WRITE ? ENOSPC : error;
    return -1;
}

#define WRITE(name, parameters, real_call, half_call)       \
    ssize_t name parameters {                               \
        int error = fault_of('w', fd);                      \
        if (error == SHORT_WRITE && count > 1) return half_call; \
        if (error != 0) return fails(error);                \
        return real_call;                                   \
    }

WRITE(write, (int fd, const void *buffer, size_t count), REAL(write)(fd, buffer, count), REAL(write)(fd, buffer, count / 2))
WRITE(pwrite, (int fd, const void *buffer, size_t count, off_t at), REAL(pwrite)(fd, buffer, count, at),
      REAL(pwrite)(fd, buffer, count / 2, at))
WRITE(pwrite64, (int fd, const void *buffer, size_t count, off64_t at), REAL(pwrite64)(fd, buffer, count, at),
      REAL(pwrite64)(fd, buffer, count / 2, at))
WRITE(writev, (int fd, const struct iovec *parts, int count), REAL(writev)(fd, parts, count),
      REAL(writev)(fd, parts, count / 2))

#define ON_FILE(type, name, parameters, letter, real_call) \
    type name parameters {                                 \
        int error = fault_of(letter, fd);                  \
        if (error != 0) return fails(error);               \
        return real_call;                                  \
    }

ON_FILE(ssize_t, read, (int fd, void *buffer, size_t count), 'r', REAL(read)(fd, buffer, count))
ON_FILE(ssize_t, pread, (int fd, void *buffer, size_t count, off_t at), 'r', REAL(pread)(fd, buffer, count, at))
ON_FILE(ssize_t, pread64, (int fd, void *buffer, size_t count, off64_t at), 'r', REAL(pread64)(fd, buffer, count, at))
ON_FILE(int, fsync, (int fd), 's', REAL(fsync)(fd))
ON_FILE(int, fdatasync, (int fd), 's', REAL(fdatasync)(fd))
ON_FILE(int, ftruncate, (int fd, off_t size), 't', REAL(ftruncate)(fd, size))
ON_FILE(int, ftruncate64, (int fd, off64_t size), 't', REAL(ftruncate64)(fd, size))

/* posix_fallocate returns its error instead of setting errno. */
int posix_fallocate(int fd, off_t at, off_t size) {
    int error = fault_of('w', fd);
    return error != 0 ? (error == SHORT_WRITE ? ENOSPC : error) : REAL(posix_fallocate)(fd, at, size);
}

int posix_fallocate64(int fd, off64_t at, off64_t size) {
    int error = fault_of('w', fd);
    return error != 0 ? (error == SHORT_WRITE ? ENOSPC : error) : REAL(posix_fallocate64)(fd, at, size);
}

ON_FILE(int, fallocate, (int fd, int mode, off_t at, off_t size), 'w', REAL(fallocate)(fd, mode, at, size))
ON_FILE(int, fallocate64, (int fd, int mode, off64_t at, off64_t size), 'w', REAL(fallocate64)(fd, mode, at, size))

/* The operations of opening a path: creating it if it does not exist, and opening it for writing.
   */
static int fault_at_open(const char *path, int flags) {
    struct stat found;
    if ((flags & O_CREAT) && fstatat(AT_FDCWD, path, &found, 0) != 0) {
        int error = fault('c', path);
        if (error != 0) return error;
    }
    return (flags & O_ACCMODE) == O_RDONLY ? 0 : fault('o', path);
}

#define OPEN(name, parameters, last_parameter, real_call) \
    int name parameters {                                 \
        mode_t mode = 0;                                  \
        if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) { \
            va_list more;                                 \
            va_start(more, last_parameter);               \
            mode = va_arg(more, mode_t);                  \
            va_end(more);                                 \
        }                                                 \
        int error = fault_at_open(path, flags);           \
        if (error != 0) return fails(error);              \
        return real_call;                                 \
    }

OPEN(open, (const char *path, int flags, ...), flags, REAL(open)(path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), flags, REAL(open64)(path, flags, mode))
OPEN(openat, (int folder, const char *path, int flags, ...), flags, REAL(openat)(folder, path, flags, mode))
OPEN(openat64, (int folder, const char *path, int flags, ...), flags, REAL(openat64)(folder, path, flags, mode))

int rename(const char *from, const char *to) {
    int error = fault('n', to);
    return error != 0 ? fails(error) : REAL(rename)(from, to);
}
