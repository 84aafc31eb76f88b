import DeliveryCore
import JSON

/// What each answer of Tencent's says about its whole call, whatever the command.
package struct Envelope: Sendable, Hashable {
    package enum Status: String, Sendable, Hashable, CaseIterable {
        case ok = "OK"
        case someError = "SomeError"
        case fail = "FAIL"
    }

    package let status: Status
    package let code: Int
    package let text: String

    /// What of `ErrorInfo` is kept, in Unicode scalars: it ends up in the store and in logs.
    ///
    /// Not in characters, one of which may have thousands of them.
    private static let textLimit = 200

    /// Reads the envelope of an answer.
    init(_ fields: AnswerFields) throws(AnswerFields.Unreadable) {
        guard let status = try fields.value("ActionStatus")?.stringBytes.flatMap(Self.status),
            let code = try fields.value("ErrorCode").flatMap(Self.code)
        else { throw AnswerFields.Unreadable() }
        self.status = status
        self.code = code
        text = Self.printable(fields.text("ErrorInfo"))
    }

    /// An answer's envelope with all its fields; nil if it can't be read or contradicts itself.
    static func opened(_ body: [UInt8]) -> (envelope: Envelope, fields: AnswerFields)? {
        guard let fields = AnswerFields(body[...]) else { return nil }
        do {
            let envelope = try Envelope(fields)
            return envelope.isConsistent ? (envelope, fields) : nil
        } catch { return nil }
    }

    /// Whether status and code say one thing: only a `FAIL` has a code, and each has one.
    var isConsistent: Bool { (status == .fail) == (code != 0) }

    /// A status by its bytes: as a `String`, a Kelvin sign would pass for a K.
    private static func status(_ bytes: [UInt8]) -> Status? {
        Status.allCases.first { $0.rawValue.utf8.elementsEqual(bytes) }
    }

    /// A code, as a number or as a number in a string.
    static func code(_ json: JSON) -> Int? {
        json.integer ?? json.string.flatMap { Int($0) }
    }

    private static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.filter { $0.properties.generalCategory != .control }
        return String(String.UnicodeScalarView(scalars.prefix(textLimit)))
    }
}

/// How a call of any command can fail by what its envelope says.
protocol EnvelopeFailure {
    static func refused(_ refusal: Outcome.Refusal, code: Int, text: String) -> Self
    static func unknown(_ cause: Outcome.UnknownCause) -> Self
}

extension Outcome: EnvelopeFailure {}
extension CheckOutcome: EnvelopeFailure {}
extension JobOutcome: EnvelopeFailure {}

extension Envelope {
    /// What a failure means for its whole call.
    func failure<Failure: EnvelopeFailure>(of command: ServiceCommand) -> Failure {
        func refused(_ refusal: Outcome.Refusal) -> Failure { self.refused(refusal, of: command) }
        return switch CodeTable.codeClass(of: code, in: command) {
        case .retryable: refused(.retryable)
        case .recipient: refused(.recipients)
        case .recipientsUnconfirmed: refused(.recipientsUnconfirmed)
        case .throttled(let atLeast): refused(.throttled(atLeast: atLeast))
        case .credentialsExpired: refused(.credentialsExpired)
        case .credentials: refused(.credentials)
        case .campaign: refused(.campaign)
        case .tooLarge: refused(.tooLarge)
        case .service: .unknown(.service(code: code))
        case nil: .unknown(.unlisted(code: code))
        // A failure without a code contradicts itself.
        case .accepted: .unknown(.unreadable)
        }
    }

    /// A refusal in our words, with Tencent's behind them.
    private func refused<Failure: EnvelopeFailure>(
        _ refusal: Outcome.Refusal,
        of command: ServiceCommand
    ) -> Failure {
        let words = CodeTable.words(for: code, in: command) ?? "code \(code)"
        return .refused(refusal, code: code, text: text.isEmpty ? words : "\(words) (\(text))")
    }
}
