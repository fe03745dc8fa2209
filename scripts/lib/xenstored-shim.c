/* Stands in for the hypervisor, so that Debian's xenstored and oxenstored 4.17 run without Xen.
 *
 * Preloaded into the server. It knows these names, all in the server's working directory:
 *   dom/<domid>   the domain lives while this file exists; removing it tells the server, touching
 *                 it is the domain's event ("look at the ring")
 *   ring.<domid>  the domain's ring page; touched when the server has an event for the domain
 *   port          what /proc/xen/xsd_port holds, without a newline
 * and moves /var/run/xenstored, which oxenstored has compiled in, to the working directory.
 * Domain 0 always lives. One server a process, one thread. Live update is not supported.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    DOMAINS = 0x7ff0,       /* DOMID_FIRST_RESERVED */
    DOMAIN_INFO = 112,      /* sizeof of xc_dominfo_t and of xc_domaininfo_t in 4.17 */
    VIRQ_PORT = 1,          /* "a domain died" */
    FIRST_DOMAIN_PORT = 16, /* plus the domid */
};

/* What every handle points to. Zeros: libxenctrl reads "no error" from it. */
static char handle[PAGE];
static int events = -1;
static unsigned char bound[DOMAINS];

/* ---- Domains ---- */

static int is_alive(uint32_t domid)
{
    char path[32];

    snprintf(path, sizeof path, "dom/%u", domid);
    return domid == 0 || (domid < DOMAINS && access(path, F_OK) == 0);
}

/* Both structures of 4.17 start with the domid; zeros after it say: neither dying nor shut down. */
static int domain_info(uint32_t domid, unsigned int count, void *info)
{
    if (count == 0 || !is_alive(domid)) {
        errno = ESRCH;
        return 0;
    }
    memset(info, 0, DOMAIN_INFO);
    memcpy(info, &domid, sizeof domid);
    return 1;
}

void *xc_interface_open(void *logger, void *builder, unsigned int flags)
{
    (void)logger, (void)builder, (void)flags;
    return handle;
}

int xc_interface_close(void *xc)
{
    (void)xc;
    return 0;
}

/* C xenstored asks by this one. */
int xc_domain_getinfo(void *xc, uint32_t first, unsigned int count, void *info)
{
    (void)xc;
    return domain_info(first, count, info);
}

/* oxenstored asks by this one. */
int xc_domain_getinfolist(void *xc, uint32_t first, unsigned int count, void *info)
{
    (void)xc;
    return domain_info(first, count, info);
}

/* ---- Ring pages ---- */

static void *map_ring(uint32_t domid)
{
    char path[32];
    void *page = MAP_FAILED;
    int fd;

    if (!is_alive(domid)) {
        errno = EINVAL;
        return NULL;
    }
    snprintf(path, sizeof path, "ring.%u", domid);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return NULL;
    if (ftruncate(fd, PAGE) == 0)
        page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

void *xengnttab_open(void *logger, unsigned int flags)
{
    (void)logger, (void)flags;
    return handle;
}

int xengnttab_close(void *gnttab)
{
    (void)gnttab;
    return 0;
}

int xengnttab_set_max_grants(void *gnttab, uint32_t count)
{
    (void)gnttab, (void)count;
    return 0;
}

/* C xenstored maps by grant, oxenstored by frame number. */
void *xengnttab_map_grant_ref(void *gnttab, uint32_t domid, uint32_t ref, int protection)
{
    (void)gnttab, (void)ref, (void)protection;
    return map_ring(domid);
}

int xengnttab_unmap(void *gnttab, void *address, uint32_t count)
{
    (void)gnttab;
    return munmap(address, (size_t)count * PAGE);
}

void *xc_map_foreign_range(void *xc, uint32_t domid, int size, int protection, unsigned long frame)
{
    (void)xc, (void)size, (void)protection, (void)frame;
    return map_ring(domid);
}

/* ---- Event channels: an inotify descriptor on dom/ ---- */

void *xenevtchn_open(void *logger, unsigned int flags)
{
    (void)logger, (void)flags;
    events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (events < 0 || inotify_add_watch(events, "dom", IN_DELETE | IN_MOVED_FROM | IN_ATTRIB) < 0)
        return NULL;
    return handle;
}

int xenevtchn_close(void *evtchn)
{
    (void)evtchn;
    return close(events);
}

int xenevtchn_fd(void *evtchn)
{
    (void)evtchn;
    return events;
}

int xenevtchn_bind_virq(void *evtchn, unsigned int virq)
{
    (void)evtchn, (void)virq;
    return VIRQ_PORT;
}

int xenevtchn_bind_interdomain(void *evtchn, uint32_t domid, uint32_t remote)
{
    (void)evtchn, (void)remote;
    if (domid >= DOMAINS) {
        errno = EINVAL;
        return -1;
    }
    bound[domid] = 1;
    return FIRST_DOMAIN_PORT + (int)domid;
}

int xenevtchn_unbind(void *evtchn, uint32_t port)
{
    (void)evtchn;
    if (port >= FIRST_DOMAIN_PORT && port - FIRST_DOMAIN_PORT < DOMAINS)
        bound[port - FIRST_DOMAIN_PORT] = 0;
    return 0;
}

int xenevtchn_notify(void *evtchn, uint32_t port)
{
    char path[32];

    (void)evtchn;
    snprintf(path, sizeof path, "ring.%u", port - FIRST_DOMAIN_PORT);
    utimensat(AT_FDCWD, path, NULL, 0);
    return 0;
}

/* The next port with an event. What says nothing about a bound domain becomes "a domain died":
 * the server then looks at all domains, which is always right. */
int xenevtchn_pending(void *evtchn)
{
    /* inotify pads names to 16 bytes, so this holds one event with a domid and never two. */
    union {
        struct inotify_event event;
        char bytes[sizeof(struct inotify_event) + 31];
    } one;
    char many[PAGE];
    unsigned long domid;

    (void)evtchn;
    if (read(events, &one, sizeof one) < 0) {
        if (errno != EINVAL)
            return -1;
        return read(events, many, sizeof many) < 0 ? -1 : VIRQ_PORT; /* a longer name */
    }
    if (!(one.event.mask & IN_ATTRIB) || one.event.len == 0)
        return VIRQ_PORT;
    domid = strtoul(one.event.name, NULL, 10);
    return domid < DOMAINS && bound[domid] ? FIRST_DOMAIN_PORT + (int)domid : VIRQ_PORT;
}

int xenevtchn_unmask(void *evtchn, uint32_t port)
{
    (void)evtchn, (void)port;
    return 0;
}

/* ---- Files ---- */

static const char *moved(const char *path)
{
    static const char run[] = "/var/run/xenstored/";

    if (strcmp(path, "/proc/xen/xsd_kva") == 0)
        return "ring.0";
    if (strcmp(path, "/proc/xen/xsd_port") == 0)
        return "port";
    return strncmp(path, run, sizeof run - 1) == 0 ? path + sizeof run - 1 : path;
}

static int open_moved(const char *path, int flags, mode_t mode)
{
    return (int)syscall(SYS_openat, AT_FDCWD, moved(path), flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    mode_t mode;

    va_start(rest, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_moved(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    mode_t mode;

    va_start(rest, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open_moved(path, flags, mode);
}

int unlink(const char *path)
{
    return (int)syscall(SYS_unlinkat, AT_FDCWD, moved(path), 0);
}

int mkdir(const char *path, mode_t mode)
{
    if (strcmp(path, "/var/run/xenstored") == 0)
        return 0;
    return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    struct sockaddr_un changed = {.sun_family = AF_UNIX};
    const struct sockaddr_un *given = (const struct sockaddr_un *)address;

    if (address->sa_family != AF_UNIX || moved(given->sun_path) == given->sun_path)
        return (int)syscall(SYS_bind, fd, address, length);
    strncpy(changed.sun_path, moved(given->sun_path), sizeof changed.sun_path - 1);
    return (int)syscall(SYS_bind, fd, &changed, sizeof changed);
}

/* oxenstored wants more descriptors than an ordinary user may have, and ends if it gets fewer. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    (void)resource, (void)limit;
    return 0;
}
