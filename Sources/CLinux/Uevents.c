// The kernel's uevents, apart from the header: CLinux.h says why.
#include "CLinux.h"

#include <linux/netlink.h>
#include <sys/socket.h>

int pvusb_uevents_open(void) {
    int descriptor =
        socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
    if (descriptor < 0) return -errno;
    // Group 1 has the kernel's own events, group 2 what udev makes of them later.
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
    if (bind(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0) return descriptor;
    int failure = -errno;
    close(descriptor);
    return failure;
}
