/// The classes that share the quota 16 : 4 : 1 while all have work.
package enum Priority: String, Sendable, Hashable, CaseIterable {
    case high
    case normal
    case low

    /// The weight of the class.
    package var weight: Int {
        switch self {
        case .high: 16
        case .normal: 4
        case .low: 1
        }
    }
}
