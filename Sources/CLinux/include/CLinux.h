// Linux system calls that Swift's Glibc module lacks or hides behind macros and unions.
//
// Every function that can fail returns -errno, so that nobody reads errno from Swift.
#ifndef PVUSB_CLINUX_H
#define PVUSB_CLINUX_H

// Open file description locks and ppoll are GNU extensions.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/// SYSFS_MAGIC of linux/magic.h.
static const int64_t pvusb_sysfs_magic = 0x62656572;

static inline int pvusb_result(int value) {
    return value < 0 ? -errno : value;
}

// MARK: Files and directories

/// The type of the file system that holds a path, as statfs(2) has it.
static inline int64_t pvusb_statfs_type(const char *path) {
    struct statfs found;
    // f_type is signed in some ABIs: only its 32 bits mean something.
    return statfs(path, &found) < 0 ? -errno : (int64_t)(uint32_t)found.f_type;
}

/// Writes the names in a directory, each with its NUL, into a buffer, without "." and "..".
/// Returns the bytes written; -ERANGE when they do not fit.
static inline int64_t pvusb_list(const char *path, uint8_t *buffer, int64_t size) {
    DIR *directory = opendir(path);
    if (directory == NULL) return -errno;
    int64_t used = 0;
    int64_t failure = 0;
    while (failure == 0) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (entry == NULL) {
            failure = -errno;
            break;
        }
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
        int64_t length = (int64_t)strlen(name) + 1;
        if (length > size - used) {
            failure = -ERANGE;
            break;
        }
        memcpy(buffer + used, name, (size_t)length);
        used += length;
    }
    closedir(directory);
    return failure < 0 ? failure : used;
}

/// Reads where a symbolic link points; returns its length, -ERANGE when it does not fit.
static inline int64_t pvusb_readlink(const char *path, uint8_t *buffer, int64_t size) {
    ssize_t length = readlink(path, (char *)buffer, (size_t)size);
    if (length < 0) return -errno;
    return length >= size ? -ERANGE : length;
}

/// Renames a file over another.
static inline int pvusb_rename(const char *from, const char *to) {
    return pvusb_result(rename(from, to));
}

/// Removes a file's name.
static inline int pvusb_unlink(const char *path) {
    return pvusb_result(unlink(path));
}

/// Writes what is cached of a file or a directory to its disk.
static inline int pvusb_fsync(int32_t descriptor) {
    return pvusb_result(fsync(descriptor));
}

/// Opens a directory to name it in other calls; a symbolic link is refused.
static inline int pvusb_open_directory(const char *path) {
    return pvusb_result(open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Makes a directory of mode 0700; -EEXIST when there is something.
static inline int pvusb_make_private_directory(const char *path) {
    return pvusb_result(mkdir(path, 0700));
}

/// Opens a file of a directory for reading and writing; a symbolic link is refused.
static inline int pvusb_open_at(int32_t directory, const char *name) {
    return pvusb_result(openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

/// The same, and makes the file with mode 0600 when there is none.
static inline int pvusb_open_or_create_at(int32_t directory, const char *name) {
    int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    return pvusb_result(openat(directory, name, flags, 0600));
}

/// Opens a lock file that other programs share, made when there is none: a descriptor.
static inline int pvusb_open_lock(const char *path) {
    return pvusb_result(open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
}

/// Tells whether an open file is this process's own, and nobody else may write it: 1 or 0.
static inline int pvusb_is_ours(int32_t descriptor) {
    struct stat found;
    if (fstat(descriptor, &found) < 0) return -errno;
    return found.st_uid == geteuid() && (found.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// MARK: Locks

static inline struct flock pvusb_whole_file(int16_t type) {
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

/// Takes the write lock of an open file description without waiting; -EAGAIN when another has it.
static inline int pvusb_ofd_lock(int32_t descriptor) {
    struct flock lock = pvusb_whole_file(F_WRLCK);
    int result = pvusb_result(fcntl(descriptor, F_OFD_SETLK, &lock));
    return result == -EACCES ? -EAGAIN : result;
}

/// Gives the lock of an open file description back.
static inline int pvusb_ofd_unlock(int32_t descriptor) {
    struct flock lock = pvusb_whole_file(F_UNLCK);
    return pvusb_result(fcntl(descriptor, F_OFD_SETLK, &lock));
}

/// Tells whether another open file description has a lock: 1 or 0.
static inline int pvusb_ofd_is_locked(int32_t descriptor) {
    struct flock lock = pvusb_whole_file(F_WRLCK);
    if (fcntl(descriptor, F_OFD_GETLK, &lock) < 0) return -errno;
    return lock.l_type != F_UNLCK;
}

/// Takes flock(2)'s exclusive lock without waiting; -EAGAIN when another has it.
static inline int pvusb_flock_try(int32_t descriptor) {
    return pvusb_result(flock(descriptor, LOCK_EX | LOCK_NB));
}

/// Takes flock(2)'s exclusive lock, and waits for it; -EINTR when a signal came.
static inline int pvusb_flock_wait(int32_t descriptor) {
    return pvusb_result(flock(descriptor, LOCK_EX));
}

/// Gives flock(2)'s lock back.
static inline int pvusb_flock_unlock(int32_t descriptor) {
    return pvusb_result(flock(descriptor, LOCK_UN));
}

// MARK: Signals and processes

static inline sigset_t pvusb_stop_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

/// Blocks SIGINT and SIGTERM in this thread and those it starts: call it before any starts.
static inline int pvusb_block_signals(void) {
    sigset_t signals = pvusb_stop_signals();
    return -pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/// Lets SIGINT and SIGTERM through again in this thread.
static inline int pvusb_unblock_signals(void) {
    sigset_t signals = pvusb_stop_signals();
    return -pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

/// Ignores SIGPIPE: a write to a closed socket is then EPIPE.
static inline int pvusb_ignore_sigpipe(void) {
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0;
}

/// Has all threads allocate from one heap: where one works at a time, a heap for each costs system
/// calls and page faults (mallopt(3)).
static inline void pvusb_share_heap(void) {
    mallopt(M_ARENA_MAX, 1);
}

/// A descriptor that is readable while SIGINT or SIGTERM waits; both must be blocked.
static inline int pvusb_signalfd(void) {
    sigset_t signals = pvusb_stop_signals();
    return pvusb_result(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

/// Reads one signal's number from such a descriptor; 0 when none waits.
static inline int pvusb_read_signal(int32_t descriptor) {
    struct signalfd_siginfo found;
    ssize_t length;
    do {
        length = read(descriptor, &found, sizeof found);
    } while (length < 0 && errno == EINTR);
    if (length < 0) return errno == EAGAIN ? 0 : -errno;
    return length == sizeof found ? (int)found.ssi_signo : -EIO;
}

/// Sends a signal to the calling thread.
static inline int pvusb_raise(int32_t number) {
    return -pthread_kill(pthread_self(), number);
}

/// This process's number.
static inline int32_t pvusb_getpid(void) {
    return getpid();
}

/// This thread's number; glibc before 2.30 has no gettid(2).
static inline int32_t pvusb_gettid(void) {
    return (int32_t)syscall(SYS_gettid);
}

/// Ends the process at once: nothing is flushed, nothing is run.
static inline void pvusb_exit_now(int32_t status) {
    _exit(status);
}

// MARK: Time and waiting

/// Nanoseconds of CLOCK_MONOTONIC.
static inline uint64_t pvusb_monotonic(void) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/// The most descriptors that `pvusb_wait_readable` takes at once.
#define PVUSB_WAIT_MAX 16

/// Waits until a descriptor can be read, was closed or failed, at most so many nanoseconds.
/// Returns a bit for each such descriptor, 0 for none; -EINTR when a signal came.
static inline int64_t pvusb_wait_readable(
    const int32_t *descriptors, int32_t count, int64_t nanoseconds) {
    struct pollfd polled[PVUSB_WAIT_MAX];
    if (count < 0 || count > PVUSB_WAIT_MAX || nanoseconds < 0) return -EINVAL;
    for (int32_t index = 0; index < count; index++) {
        polled[index].fd = descriptors[index];
        polled[index].events = POLLIN;
        polled[index].revents = 0;
    }
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    if (ppoll(polled, (nfds_t)count, &limit, NULL) < 0) return -errno;
    int64_t ready = 0;
    for (int32_t index = 0; index < count; index++) {
        if (polled[index].revents != 0) ready |= (int64_t)1 << index;
    }
    return ready;
}

/// Opens a descriptor that can be read when a file was renamed to a name in a directory.
static inline int pvusb_watch_renames(const char *directory) {
    int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (descriptor < 0) return -errno;
    if (inotify_add_watch(descriptor, directory, IN_MOVED_TO | IN_ONLYDIR) >= 0) return descriptor;
    int failure = -errno;
    close(descriptor);
    return failure;
}

/// Opens a descriptor that can be read when the kernel tells of a device: a uevent.
int pvusb_uevents_open(void);

/// Sends one datagram to the unix socket at a path: 0.
int pvusb_log_send(const char *path, const uint8_t *bytes, int64_t count);

/// The user who runs this process.
static inline uint32_t pvusb_user(void) { return (uint32_t)getuid(); }

/// This process's number.
static inline int32_t pvusb_process(void) { return (int32_t)getpid(); }

/// Reads a descriptor that does not block empty.
static inline void pvusb_drain(int32_t descriptor) {
    char buffer[4096];
    while (read(descriptor, buffer, sizeof buffer) > 0) {}
}

/// Whether an open file is the one that a path names now: 1, or 0 also when nothing is there.
static inline int pvusb_is_file_at(int32_t descriptor, const char *path) {
    struct stat opened, named;
    if (fstat(descriptor, &opened) < 0) return -errno;
    if (stat(path, &named) < 0) return errno == ENOENT ? 0 : -errno;
    return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

#include "CLinuxStreams.h"

#endif
