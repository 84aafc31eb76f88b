/// What may be sent now, whatever room the quota has.
enum Permission: Sendable, Hashable {
    /// Nothing, before an instant or, with nil, before something happens.
    case nothing(until: Instant?)
    /// A question that addresses nobody.
    case probe
    /// One call that shows whether calls get through again.
    case trial
    /// So many calls more than are out, and look-ups.
    case calls(Int)
}
