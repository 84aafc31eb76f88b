extension Dispatcher {
    /// What the shell tells the dispatcher.
    package enum Event: Sendable, Hashable {
        /// The queue was read at the start; nothing is sent before this.
        case restored(Restored)
        /// A campaign was created and started.
        case admitted(CampaignWork)
        /// An operator asks for a change of a campaign.
        case requested(Request, Write)
        /// An operator stops all sending, or resumes it.
        case pauseRequested(Request, isPaused: Bool)
        /// A watchdog asks whether events are taken at all.
        case asked(Request)
        /// The commit that was asked for is durable.
        case committed([WriteResult])
        /// Nothing of the commit was done.
        case commitFailed(CommitFault)
        /// Something else than a commit couldn't be written: a stream, a new campaign.
        case storeFailed(CommitFault)
        /// A call ended.
        case answered(Batch.ID, Outcome)
        /// The question which accounts exist came back.
        case checked(CheckOutcome)
        /// A job's call ended.
        case jobAnswered(JobCall.ID, JobAnswer)
        case credentialsRenewed
        /// The configuration changed: other limits, and credentials with this fingerprint.
        case reconfigured(Limits, fingerprint: String)
        /// The wake-up asked for has come.
        case woke
        /// Finish the calls in flight and stop.
        case drain
    }

    /// Names an operator's question, so that the shell finds who waits for the reply.
    package struct Request: Sendable, Hashable {
        package let id: Int

        package init(id: Int) {
            self.id = id
        }
    }
}
