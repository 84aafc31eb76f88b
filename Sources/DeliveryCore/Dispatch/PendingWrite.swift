/// A write that waits for its commit or is in it, with what its result needs.
package enum PendingWrite: Sendable {
    /// A claim, or the reclaim of an open batch, with what it has reserved.
    case claim(Write, Offer)
    /// The batch is what stays open of the call; nil if the resolution closes it.
    case record(Write.Record, OpenBatch?)
    /// A change that an operator asked for.
    case change(Dispatcher.Request, Write)
    /// A change that is the dispatcher's own: due by the clock, or a halt.
    case transition(Campaign.ID, Campaign.Transition)
    /// The service's record as it is when the commit is made; nil if no operator asked for it.
    case service(Dispatcher.Request?)
    case sweep(Write.Sweep)
    case close(Campaign.ID)
    case step(JobStep)
    /// An event of all sending that hooks want.
    case event(ServiceEvent)

    package func write(_ service: ServiceRecord) -> Write {
        switch self {
        case .claim(let write, _), .change(_, let write): write
        case .record(let record, _): .record(record)
        case .transition(let id, let transition): .transition(id, transition)
        case .service: .service(service)
        case .sweep(let sweep): .sweep(sweep)
        case .close(let id): .close(id)
        case .step(let step): .stepJob(step)
        case .event(let event): .event(event)
        }
    }

    /// The operator's request that its result answers.
    package var request: Dispatcher.Request? {
        switch self {
        case .change(let request, _), .service(let request?): request
        case .claim, .record, .transition, .service(nil), .sweep, .close, .step, .event: nil
        }
    }

    /// The recipients that are reserved for it.
    package var reserved: Int {
        if case .claim(_, let offer) = self { offer.count } else { 0 }
    }
}
