/// Which final recipients go back into the queue.
package struct RetryFilter: Sendable, Hashable {
    package var failed: Bool
    package var unknown: Bool
    package var suppressed: Bool
    /// Only those with one of these codes; empty means all.
    package var codes: [Int]

    package init(
        failed: Bool = true,
        unknown: Bool = true,
        suppressed: Bool = false,
        codes: [Int] = []
    ) {
        self.failed = failed
        self.unknown = unknown
        self.suppressed = suppressed
        self.codes = codes
    }
}
