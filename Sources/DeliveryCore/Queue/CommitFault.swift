/// Why a commit failed; nothing of it was done.
package enum CommitFault: Error, Sendable, Hashable {
    case full(String)
    case failed(String)

    package var text: String {
        switch self {
        case .full(let text), .failed(let text): text
        }
    }
}
