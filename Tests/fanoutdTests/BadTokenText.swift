import Testing

/// What looks like a token in an editor and is none.
struct BadTokenText: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let problem: String
    var isMark = false

    var testDescription: String { problem }

    private static let token = Array("0123456789abcdef".utf8)

    static let all = [
        BadTokenText(
            bytes: [0xEF, 0xBB, 0xBF] + token,
            problem: "begins with a byte order mark (BOM)",
            isMark: true
        ),
        BadTokenText(
            bytes: [0xFF, 0xFE] + token.flatMap { [$0, 0] },
            problem: "begins with a byte order mark (BOM)",
            isMark: true
        ),
        BadTokenText(bytes: token + [0], problem: "holds a NUL byte"),
        BadTokenText(bytes: token + [0xC2, 0xA0], problem: "holds bytes that are not ASCII"),
        BadTokenText(bytes: token + Array("ö".utf8), problem: "holds bytes that are not ASCII"),
        BadTokenText(bytes: token + [0x0B], problem: "holds control characters"),
        BadTokenText(bytes: token + [0x0D, 0x20], problem: "holds control characters"),
        BadTokenText(bytes: token + [0x7F], problem: "holds bytes that are not ASCII"),
    ]
}
