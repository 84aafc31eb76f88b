import PostgresQueue
import Testing

@Suite struct SynchronousRuleTests {
    @Test func `a rule has the words of the configuration`() {
        let words = PostgresOptions.SynchronousRule.allCases.map(\.rawValue)
        #expect(words == ["true", "managed", "false"])
    }
}
