// Datagrams to the system's log, apart from the header: CLinux.h says why.
#include "CLinux.h"

#include <sys/socket.h>
#include <sys/un.h>

int pvusb_log_send(const char *path, const uint8_t *bytes, int64_t count) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    // A log whose queue is full must not hold a command up.
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return -errno;
    ssize_t sent = sendto(
        descriptor, bytes, (size_t)count, MSG_NOSIGNAL, (struct sockaddr *)&address,
        sizeof(address));
    int result = sent < 0 ? -errno : 0;
    close(descriptor);
    return result;
}
