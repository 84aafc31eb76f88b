/// Which final recipients go back into the queue.
package struct RetryFilter: Sendable, Hashable {
    package var failed: Bool
    package var unknown: Bool
    /// Only those with one of these codes; empty means all.
    package var codes: [Int]

    package init(failed: Bool = true, unknown: Bool = true, codes: [Int] = []) {
        self.failed = failed
        self.unknown = unknown
        self.codes = codes
    }
}
