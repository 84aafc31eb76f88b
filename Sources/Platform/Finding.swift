/// What is wrong with something that a person wrote, and what would do.
package struct Finding: Error, Sendable, Hashable {
    package let problem: String
    package let remedy: String

    package init(problem: String, remedy: String) {
        self.problem = problem
        self.remedy = remedy
    }
}

extension Finding: CustomStringConvertible {
    package var description: String { "\(problem); \(remedy)" }
}
