package import NIOCore

/// Runs tasks on an event loop, where the bytes come and go that they wait for.
///
/// So they go over to no other thread once those have come. While messages are sent as fast as they
/// can be, each such step waits for its turn on a busy core.
package final class EventLoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    package init(_ loop: any EventLoop) {
        self.loop = loop
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
