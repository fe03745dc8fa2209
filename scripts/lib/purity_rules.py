"""Which undefined symbols of an object file mean I/O, time, chance or the environment."""

import re

C_NAMES = frozenset("""
    open openat open64 creat close read pread pread64 readv write pwrite pwrite64 writev lseek
    stat lstat fstat fstatat statfs access faccessat readlink readlinkat opendir readdir closedir
    rename renameat unlink unlinkat mkdir rmdir symlink link chmod chown truncate ftruncate fsync
    fopen fdopen fclose fread fwrite fputs fgets fputc getc getline puts putchar printf fprintf
    vprintf vfprintf perror dprintf ioctl fcntl flock mmap munmap pipe pipe2 dup dup2 dup3
    socket socketpair connect bind listen accept accept4 shutdown send sendto sendmsg sendmmsg
    recv recvfrom recvmsg recvmmsg setsockopt getsockopt getaddrinfo
    poll ppoll select pselect epoll_create1 epoll_ctl epoll_wait eventfd signalfd timerfd_create
    inotify_init1 inotify_add_watch
    clock_gettime clock_nanosleep gettimeofday time localtime localtime_r gmtime nanosleep usleep
    sleep alarm setitimer
    getrandom getentropy arc4random arc4random_buf arc4random_uniform rand random srand drand48
    swift_stdlib_random
    getenv secure_getenv setenv putenv environ getpid getppid getuid geteuid gethostname uname
    fork vfork execve execv execvp posix_spawn system popen kill raise signal sigaction waitpid
    exit _exit abort pthread_create dlopen dlsym syslog syscall __errno_location stdin stdout stderr
""".split())

SWIFT_NAMES = [
    ("a C library call", re.compile(r"^\$s5Glibc|^\$s4Musl|^\$s6CLinux")),
    ("a clock", re.compile(r"^\$ss(?:15ContinuousClock|15SuspendingClock|5ClockP)")),
    ("sleeping", re.compile(r"^\$sScTss5NeverORszABRs_rlE5sleep|^swift_task_\w*[sS]leep")),
    ("chance", re.compile(
        r"^\$ss27SystemRandomNumberGenerator|^\$s(?:s17FixedWidthIntegerPsE|"
        r"SBss17FixedWidthInteger14RawSignificandRpzrlE)6random|^\$sSb6random|"
        r"^\$sSTsE8shuffled|^\$sSMsSkRzrlE7shuffle|^\$sSlsE13randomElement")),
    ("printing or reading the terminal", re.compile(
        r"^\$ss(?:5print_|10debugPrint_|4dump_|8readLine)")),
    ("the command line", re.compile(r"^\$ss11CommandLineO")),
]


def impurity(symbol):
    """What an undefined symbol does that a pure module must not, or nothing."""
    name = symbol.split("@")[0]
    if name in C_NAMES:
        return "a C library call"
    for what, pattern in SWIFT_NAMES:
        if pattern.search(name):
            return what
    return None
