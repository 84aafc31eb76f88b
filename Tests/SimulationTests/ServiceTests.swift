import Simulation
import Testing

/// Lives of the service with its shell: clients, operators, commits and stops in every order.
struct ServiceTests {
    private static let lanes = 2
    private static let count = 60

    @Test(arguments: 0..<lanes)
    func `in whatever order things happen, everybody is answered and nobody lost`(lane: Int) {
        for seed in stride(from: 1 + lane, through: Self.count, by: Self.lanes) {
            let end = ServiceLife(seed: UInt64(seed)).run()
            #expect(end.violations.isEmpty, "seed \(seed): \(end)")
        }
    }

    @Test func `a life repeats itself`() {
        let first = ServiceLife(seed: 7).run()
        #expect(first == ServiceLife(seed: 7).run())
        #expect(first != ServiceLife(seed: 8).run())
        #expect(first.accepted > 0 && first.asked > 0)
    }
}
