/* Runs a command and kills it with SIGKILL when it enters the N-th of its system calls.
 *
 * Usage: killat N CALLS LOG COMMAND [ARGUMENT...]
 *   N      which system call: counted over all threads, from execve on; 0 kills never
 *   CALLS  the numbers of the system calls that count, with commas between; "all" for all of them
 *   LOG    a file for one line a system call: the thread's id and the call's number
 * The call at which it dies is not carried out (Linux, kernel/entry: a fatal signal that is pending
 * at the entry skips the call), so it is the last line of the log and has had no effect.
 * strace's inject=...:when=N counts for each thread alone: the first calls of a second thread are
 * out of its reach. Exit codes: the command's; 137 when it was killed; 125 when it can't be traced.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLS_MAX = 1024, CANNOT = 125 };

static char counts[CALLS_MAX];

static void give_up(const char *what)
{
    fprintf(stderr, "killat: %s: %s\n", what, strerror(errno));
    exit(CANNOT);
}

static void read_calls(char *text)
{
    if (strcmp(text, "all") == 0) {
        memset(counts, 1, sizeof counts);
        return;
    }
    for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
        long number = strtol(word, NULL, 10);
        if (number >= 0 && number < CALLS_MAX)
            counts[number] = 1;
    }
}

/* Tracer and traced hand over to each other all the time: on one processor, four times as fast. */
static void stay_here(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
}

static pid_t start(char **words)
{
    pid_t child = fork();
    if (child < 0)
        give_up("fork");
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
            give_up("ptrace");
        raise(SIGSTOP);
        execvp(words[0], words);
        give_up(words[0]);
    }
    int status;
    if (waitpid(child, &status, 0) != child || !WIFSTOPPED(status))
        give_up("the child did not stop");
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE
        | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC;
    if (ptrace(PTRACE_SETOPTIONS, child, 0, options) != 0
        || ptrace(PTRACE_SYSCALL, child, 0, 0) != 0)
        give_up("ptrace");
    return child;
}

/* The number of the call that a stopped thread enters; -1 when it leaves one. */
static long entered(pid_t thread)
{
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) < 0)
        return -1;
    return info.op == PTRACE_SYSCALL_INFO_ENTRY ? (long)info.entry.nr : -1;
}

/* What a stop hands on to the thread: a signal of its own, or none. */
static int signal_of(int status)
{
    int signal = WSTOPSIG(status);
    int is_ours = signal == (SIGTRAP | 0x80) || signal == SIGSTOP || status >> 16 != 0;
    return is_ours ? 0 : signal;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: killat N CALLS LOG COMMAND [ARGUMENT...]\n");
        return CANNOT;
    }
    long wanted = strtol(argv[1], NULL, 10), seen = 0;
    read_calls(argv[2]);
    FILE *log = fopen(argv[3], "w");
    if (!log)
        give_up(argv[3]);
    stay_here();
    pid_t child = start(argv + 4);
    int code = CANNOT, status;
    pid_t thread;
    while ((thread = waitpid(-1, &status, __WALL)) > 0) {
        if (!WIFSTOPPED(status)) {
            if (thread == child)
                code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        long call = WSTOPSIG(status) == (SIGTRAP | 0x80) ? entered(thread) : -1;
        if (call >= 0) {
            fprintf(log, "%d %ld\n", (int)thread, call);
            if (call < CALLS_MAX && counts[call] && ++seen == wanted) {
                /* SIGKILL for a thread is for its process, which may be a child of the command. */
                syscall(SYS_tkill, thread, SIGKILL);
                kill(child, SIGKILL);
                continue;
            }
        }
        ptrace(PTRACE_SYSCALL, thread, 0, signal_of(status));
    }
    if (fclose(log) != 0)
        give_up(argv[3]);
    return code;
}
