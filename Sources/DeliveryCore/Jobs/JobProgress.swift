/// What the dispatcher knows of a running job beside its record.
package struct JobProgress: Sendable, Hashable {
    /// Why no call of it goes out now; nil if calls do.
    package var waitsFor: Campaign.Reason?
    /// When it ends at its rate; nil while it waits for what nobody can foresee.
    package var eta: Timestamp?

    package init(waitsFor: Campaign.Reason? = nil, eta: Timestamp? = nil) {
        self.waitsFor = waitsFor
        self.eta = eta
    }
}
