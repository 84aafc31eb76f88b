/// Why a commit failed; it was rolled back.
package enum CommitFault: Error, Sendable, Hashable {
    case full(String)
    case failed(String)

    package var text: String {
        switch self {
        case .full(let text), .failed(let text): text
        }
    }
}
