internal import Glibc

/// Runs jobs one after the other on a thread of its own.
///
/// libdispatch would do as well, but for its clock: once it has had a thread to work on, it wakes
/// every second for ever, and a `watch` shall sleep until something changes.
public final class ThreadExecutor: SerialExecutor, TaskExecutor {
    private let queue = JobQueue()

    /// Starts the thread; it ends with the executor.
    public init() {
        let (queue, name) = (queue, unsafe UnownedSerialExecutor(ordinary: self))
        Thread.start {
            while let job = queue.next() { unsafe job.runSynchronously(on: name) }
        }
    }

    deinit {
        queue.close()
    }

    /// Lets the thread run a job, after those that wait.
    public func enqueue(_ job: consuming ExecutorJob) {
        queue.append(UnownedJob(job))
    }

    /// The executor's name for actors.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }
}

/// Jobs that wait for a thread; the thread waits for jobs.
///
/// The mutex guards both variables, which the compiler can't see; `Synchronization.Mutex` would
/// have ThreadSanitizer report races that are none.
@safe private final class JobQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [UnownedJob] = []
    private var isClosed = false

    init() {
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(arrival, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(arrival)
        unsafe pthread_mutex_destroy(mutex)
        unsafe arrival.deallocate()
        unsafe mutex.deallocate()
    }

    func append(_ job: UnownedJob) {
        locked { jobs.append(job) }
        unsafe pthread_cond_signal(arrival)
    }

    /// No more jobs come; those that wait are run.
    func close() {
        locked { isClosed = true }
        unsafe pthread_cond_signal(arrival)
    }

    /// The next job, however long it takes to come; nil when none will.
    func next() -> UnownedJob? {
        locked {
            while jobs.isEmpty, !isClosed { unsafe pthread_cond_wait(arrival, mutex) }
            return jobs.isEmpty ? nil : jobs.removeFirst()
        }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }
}

/// A thread that nobody waits for.
private enum Thread {
    private final class Work {
        let body: () -> Void

        init(_ body: @escaping () -> Void) {
            self.body = body
        }
    }

    static func start(_ body: @escaping @Sendable () -> Void) {
        let work = unsafe Unmanaged.passRetained(Work(body)).toOpaque()
        var thread = pthread_t()
        let failure = unsafe pthread_create(&thread, nil, run, work)
        precondition(failure == 0, "the system has no thread left")
        pthread_detach(thread)
    }

    private static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? =
        {
            if let work = unsafe $0 {
                unsafe Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body()
            }
            return nil
        }
}
