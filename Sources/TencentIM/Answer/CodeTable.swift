/// Tencent's codes, by what a sender must do about each: the only place that knows them.
package enum CodeTable {
    /// What a code of a whole call comes to.
    package enum Class: Sendable, Hashable {
        case accepted
        /// Another attempt may succeed.
        case retryable
        /// Final for the recipients it names.
        case recipient
        /// Names all recipients at once, which may not be meant of each.
        case recipientsUnconfirmed
        /// Nothing was sent: the whole app slows down for at least so long.
        case throttled(atLeast: Duration)
        /// The signature is too old.
        case credentialsExpired
        /// The credentials or the app are refused.
        case credentials
        /// This message can't be sent.
        case campaign
        /// The packet or the list of accounts is too large.
        case tooLarge
        /// The service is in trouble and what became of the call isn't known.
        case service
    }

    package struct Entry: Sendable, Hashable {
        package let code: Int
        package let codeClass: Class
        package let words: String
    }

    /// The class of a code, nil if it isn't in the table.
    package static func codeClass(of code: Int) -> Class? { byCode[code]?.codeClass }

    /// A code in words, nil if it isn't in the table.
    package static func words(for code: Int) -> String? {
        byCode[code]?.words ?? recall[code]?.words
    }

    private static let byCode = Dictionary(uniqueKeysWithValues: entries.map { ($0.code, $0) })

    static func entry(_ code: Int, _ codeClass: Class, _ words: String) -> Entry {
        Entry(code: code, codeClass: codeClass, words: words)
    }

    /// How long sending rests at least after an ordinary throttle answer: the provider's finest
    /// limit counts calls in a second.
    private static let briefly: Class = .throttled(atLeast: .seconds(1))

    /// Every code, ascending within its class.
    package static let entries: [Entry] =
        outcomes + throttles + refusedCredentials + refusedMessages + troubles

    private static let outcomes = [
        entry(0, .accepted, "accepted"),
        entry(70_169, .retryable, "the service timed out; another attempt may succeed"),
        entry(90_992, .retryable, "internal error of the service, or the app's webhook failed"),
        entry(91_000, .retryable, "internal error of the service; another attempt may succeed"),
        entry(70_107, .recipient, "the account doesn't exist"),
        entry(90_048, .recipient, "the account doesn't exist"),
        entry(90_012, .recipientsUnconfirmed, "the accounts don't exist or aren't registered"),
        entry(90_011, .tooLarge, "over 500 accounts in one call"),
        entry(90_018, .tooLarge, "too many accounts in one call"),
        entry(90_055, .tooLarge, "the packet is too large"),
        entry(93_000, .tooLarge, "the packet is too large (12 KB)"),
    ]

    private static let throttles = [
        entry(60_007, briefly, "calls come too often"),
        entry(60_011, briefly, "the app calls too often"),
        entry(60_018, briefly, "requests come too often"),
        entry(60_019, briefly, "requests come too often"),
        // The trial's daily quota: asking again sooner than in an hour would be noise.
        entry(60_028, .throttled(atLeast: .seconds(3600)), "the trial's daily quota is used up"),
        entry(70_050, .throttled(atLeast: .seconds(60)), "locked out after bad signatures"),
        entry(90_057, briefly, "over this call's rate limit"),
    ]

    private static let refusedCredentials = [
        entry(22_007, .credentials, "the plan's limit of daily active users is exceeded"),
        entry(60_004, .credentials, "the account or the signature of the request is wrong"),
        entry(60_005, .credentials, "the account or the signature of the request is wrong"),
        entry(60_006, .credentials, "the SDKAppID is wrong"),
        entry(60_010, .credentials, "the call wants the rights of an administrator"),
        entry(60_012, .credentials, "the SDKAppID is missing"),
        entry(60_016, .credentials, "the SDKAppID is disabled"),
        entry(60_017, .credentials, "the call is disabled for this app"),
        entry(60_020, .credentials, "the app's plan has expired or doesn't include this call"),
        entry(60_021, .credentials, "this machine's address isn't on the app's allow list"),
        entry(60_025, .credentials, "the app may not make this call"),
        entry(60_026, .credentials, "the SDKAppID belongs to another data centre: wrong domain"),
        entry(60_027, .credentials, "the app may not make this call"),
        entry(70_001, .credentialsExpired, "the UserSig has expired"),
        entry(70_002, .credentials, "the UserSig is empty"),
        entry(70_003, .credentials, "the UserSig can't be read"),
        entry(70_005, .credentials, "the UserSig can't be verified"),
        entry(70_009, .credentials, "the UserSig was made with another secret key"),
        entry(70_013, .credentials, "the UserSig was made for another identifier"),
        entry(70_014, .credentials, "the UserSig was made for another SDKAppID"),
        entry(70_016, .credentials, "the app has no key to verify the UserSig with"),
        entry(70_020, .credentials, "the SDKAppID doesn't exist"),
        entry(70_051, .credentials, "the account is blocked after bad signatures"),
        entry(70_052, .credentials, "the UserSig was revoked"),
        entry(70_346, .credentials, "the UserSig's validity is refused"),
        entry(70_347, .credentials, "the UserSig's validity is refused"),
        entry(70_402, .credentials, "a parameter of the call is refused"),
        entry(70_403, .credentials, "the call wants the rights of an administrator"),
        entry(72_000, .credentials, "the app isn't allowed to use the service"),
        entry(72_002, .credentials, "the app isn't allowed to use the service"),
        entry(80_005, .credentials, "the app's content review refuses it"),
        entry(90_009, .credentials, "the identifier is no administrator of the app"),
    ]

    private static let refusedMessages = [
        entry(60_002, .campaign, "the HTTP request can't be read"),
        entry(60_003, .campaign, "the request's JSON can't be read"),
        entry(60_015, .campaign, "an account of the request has a wrong type"),
        entry(80_001, .campaign, "the text was refused by content review"),
        entry(80_002, .campaign, "the message is too long"),
        entry(80_004, .campaign, "the content was refused by content review"),
        entry(90_001, .campaign, "the JSON can't be read"),
        entry(90_002, .campaign, "MsgBody is malformed or no array"),
        entry(90_003, .campaign, "To_Account is missing or has a wrong type"),
        entry(90_004, .campaign, "MsgSeq is wrong"),
        entry(90_005, .campaign, "MsgRandom is missing or wrong"),
        entry(90_007, .campaign, "MsgBody is no array"),
        entry(90_008, .campaign, "From_Account is missing or doesn't exist"),
        entry(90_010, .campaign, "an element of the message is malformed"),
        entry(90_026, .campaign, "MsgLifeTime is over 7 days"),
        entry(90_028, .campaign, "a field of the request is refused"),
        entry(90_029, .campaign, "a field of the request is refused"),
        entry(90_031, .campaign, "SyncOtherMachine is no integer"),
        entry(90_043, .campaign, "a field of the request is refused"),
        entry(90_044, .campaign, "MsgLifeTime is no integer"),
    ]

    private static let troubles = [
        entry(60_008, .service, "the service timed out"),
        entry(60_013, .service, "the service's own answer was malformed"),
        entry(60_014, .service, "the service timed out"),
        entry(70_202, .service, "the service timed out"),
        entry(70_500, .service, "internal error of the service"),
        entry(90_994, .service, "internal error of the service"),
        entry(90_995, .service, "internal error of the service"),
    ]
}
