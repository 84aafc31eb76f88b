extension Dispatcher {
    /// What the dispatcher asks of the shell, in order.
    package enum Effect: Sendable, Hashable {
        /// Carry these out in one transaction and report `committed` or `commitFailed`.
        case commit([Write])
        /// Make this call and report `answered`.
        case call(Batch)
        /// Ask which of these accounts exist and report `checked`; with none, merely whether the
        /// provider answers. One question is out at a time.
        case check([Account])
        /// Make this call of a job and report `jobAnswered`.
        case jobCall(JobCall.ID, JobCall)
        case reply(Request, Reply)
        case renewCredentials
        /// Report `woke` at this instant, or earlier.
        case wake(at: Instant)
        /// Something an operator may want to know.
        case report(Report)
        /// Drained: nothing is out and everything is recorded.
        case stopped
    }

    /// What became of an operator's request.
    package enum Reply: Sendable, Hashable {
        case changed(WriteResult.Change)
        case refused(ChangeRefusal)
        case done
        case failed(CommitFault)
        case stopping
    }

    /// What happened, for logs and metrics.
    package enum Report: Sendable, Hashable {
        case campaign(Campaign.ID, Campaign.State, Campaign.Reason?)
        /// A call that didn't end with everyone accepted or refused one by one.
        case call(Batch.ID, Campaign.ID, count: Int, Outcome)
        case service(ServiceState, Campaign.Reason?)
        /// A call is repeated after an unknown outcome.
        case resent(Campaign.ID, count: Int)
        /// A job of a campaign has begun or ended.
        case job(Campaign.ID, Job)
        /// A campaign was kept as long as it should be, and is gone.
        case retired(Campaign.ID)
    }
}
