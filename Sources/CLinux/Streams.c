// Sockets and eventfds, apart from the header: CLinux.h says why.
#include "CLinux.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

int pvusb_stream_socket(void) {
    return pvusb_result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

int pvusb_stream_connect(int32_t descriptor, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    return pvusb_result(connect(descriptor, (struct sockaddr *)&address, sizeof(address)));
}

int64_t pvusb_stream_send(int32_t descriptor, const uint8_t *bytes, int64_t count) {
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = (size_t)count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

int pvusb_stream_bind(int32_t descriptor, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    // bind(2) gives the file the socket's own mode, less the umask (net/unix/af_unix.c).
    if (fchmod(descriptor, 0600) < 0) return -errno;
    return pvusb_result(bind(descriptor, (struct sockaddr *)&address, sizeof(address)));
}

int pvusb_stream_listen(int32_t descriptor, int32_t backlog) {
    return pvusb_result(listen(descriptor, backlog));
}

int pvusb_stream_accept(int32_t descriptor) {
    return pvusb_result(accept4(descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

int pvusb_eventfd(void) {
    return pvusb_result(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}
