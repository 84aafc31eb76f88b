import NIOCore

/// Runs tasks on an event loop.
///
/// A connection's task runs where its bytes come and go, so a request goes over to no other thread
/// but a reader's of the store. While messages are sent as fast as they can be, every such step
/// waits for its turn on a busy core.
final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
