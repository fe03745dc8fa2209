// Streams: unix sockets and the kernel's xenbus device. Included by CLinux.h, never by itself.

#ifndef PVUSB_CLINUX_STREAMS_H
#define PVUSB_CLINUX_STREAMS_H

// MARK: - A stream to a server
//
// What needs sys/socket.h is in Streams.c: Swift sees that header already through SystemPackage,
// where without _GNU_SOURCE it declares fd_set otherwise, and refuses to have both.

/// The errno numbers that a stream's caller tells apart.
#define PVUSB_EAGAIN EAGAIN
#define PVUSB_EINTR EINTR
#define PVUSB_EACCES EACCES
#define PVUSB_EPERM EPERM

/// Closes a descriptor.
static inline int pvusb_close(int32_t descriptor) {
    return pvusb_result(close(descriptor));
}

/// Another number for an open file, which is not inherited: a descriptor.
static inline int pvusb_duplicate(int32_t descriptor) {
    return pvusb_result(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
}

/// Makes a socket that neither blocks nor is inherited: a descriptor.
int pvusb_stream_socket(void);

/// Connects such a socket to a path: 0; -EAGAIN while the server's queue is full.
int pvusb_stream_connect(int32_t descriptor, const char *path);

/// Sends as much as the socket takes now, with one sendmsg(2): its count; -EAGAIN for nothing.
int64_t pvusb_stream_send(int32_t descriptor, const uint8_t *bytes, int64_t count);

/// Reads what has come: its count, 0 at the end of the stream, -EAGAIN when nothing has.
static inline int64_t pvusb_stream_read(int32_t descriptor, uint8_t *buffer, int64_t size) {
    ssize_t count = read(descriptor, buffer, (size_t)size);
    return count < 0 ? -errno : count;
}

/// Writes to a device with one write(2), which may block: the count, or its refusal.
static inline int64_t pvusb_stream_write(int32_t descriptor, const uint8_t *bytes, int64_t count) {
    ssize_t written = write(descriptor, bytes, (size_t)count);
    return written < 0 ? -errno : written;
}

/// Opens a character device that does not block in read(2): a descriptor.
static inline int pvusb_stream_open(const char *path) {
    return pvusb_result(open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK));
}

/// Waits until a descriptor can be read, or also written, at most so many nanoseconds.
/// Bit 0: there is something to read, or it failed; bit 1: it can be written. 0: neither.
static inline int pvusb_stream_ready(int32_t descriptor, int32_t writing, int64_t nanoseconds) {
    struct pollfd polled = {.fd = descriptor, .events = (short)(writing ? POLLIN | POLLOUT : POLLIN)};
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int count = ppoll(&polled, 1, &limit, NULL);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    int readable = (polled.revents & (POLLIN | POLLHUP | POLLERR)) != 0;
    return readable | ((polled.revents & POLLOUT) != 0) << 1;
}

/// What a path names: 1 for a socket, 2 for a character device, 0 for anything else or nothing.
static inline int pvusb_stream_kind(const char *path) {
    struct stat found;
    if (stat(path, &found) < 0) return 0;
    return S_ISSOCK(found.st_mode) ? 1 : S_ISCHR(found.st_mode) ? 2 : 0;
}

// MARK: - A server of streams

/// More errno numbers that a server tells apart.
#define PVUSB_ENOENT ENOENT
#define PVUSB_ECONNREFUSED ECONNREFUSED
#define PVUSB_ECONNABORTED ECONNABORTED
#define PVUSB_EADDRINUSE EADDRINUSE

/// Binds a stream socket to a path that does not exist yet, mode 0600 from its first moment.
int pvusb_stream_bind(int32_t descriptor, const char *path);

/// Lets clients connect to a bound socket; so many may wait to be accepted.
int pvusb_stream_listen(int32_t descriptor, int32_t backlog);

/// Accepts a client, on a descriptor that neither blocks nor is inherited; -EAGAIN for none.
int pvusb_stream_accept(int32_t descriptor);

/// Which file a path names, links not followed, as two words: 1 for a socket, 0 for another file.
static inline int pvusb_socket_identity(const char *path, uint64_t *identity) {
    struct stat found;
    if (lstat(path, &found) < 0) return -errno;
    identity[0] = (uint64_t)found.st_dev;
    identity[1] = (uint64_t)found.st_ino;
    return S_ISSOCK(found.st_mode);
}

/// A counter that is readable once `pvusb_eventfd_signal` was called: a descriptor.
int pvusb_eventfd(void);

/// Makes such a descriptor readable; from any thread or signal handler.
static inline int pvusb_eventfd_signal(int32_t descriptor) {
    uint64_t one = 1;
    // A full counter (EAGAIN) is readable already.
    return write(descriptor, &one, sizeof one) < 0 && errno != EAGAIN ? -errno : 0;
}

/// A descriptor to wait for: bit 0 stands for reading, bit 1 for writing, in both words.
/// A descriptor that failed or was closed is ready for what it is waited for, and for reading.
struct pvusb_polled {
    int32_t descriptor;
    uint8_t wanted;
    uint8_t ready;
};

/// The most descriptors that `pvusb_poll` takes at once.
#define PVUSB_POLL_MAX 1024

/// Waits until one of many descriptors is ready, at most so many nanoseconds, forever below 0.
/// Returns how many are ready; -EINTR when a signal came.
static inline int pvusb_poll(struct pvusb_polled *items, int32_t count, int64_t nanoseconds) {
    struct pollfd polled[PVUSB_POLL_MAX];
    if (count < 0 || count > PVUSB_POLL_MAX) return -EINVAL;
    for (int32_t index = 0; index < count; index++) {
        int wanted = items[index].wanted;
        polled[index].fd = items[index].descriptor;
        polled[index].events = (short)((wanted & 1 ? POLLIN : 0) | (wanted & 2 ? POLLOUT : 0));
        polled[index].revents = 0;
        items[index].ready = 0;
    }
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int found = ppoll(polled, (nfds_t)count, nanoseconds < 0 ? NULL : &limit, NULL);
    if (found < 0) return -errno;
    for (int32_t index = 0; index < count; index++) {
        int events = polled[index].revents;
        int failed = (events & (POLLHUP | POLLERR | POLLNVAL)) != 0;
        int ready = ((events & POLLIN) != 0) | ((events & POLLOUT) != 0) << 1;
        items[index].ready = (uint8_t)(failed ? items[index].wanted | 1 : ready);
    }
    return found;
}

#endif
