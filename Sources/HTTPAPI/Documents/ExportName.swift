import Codecs
import DeliveryCore
import DeliveryEngine

/// What an export is called where it is saved: the campaign's name, and who is in it.
struct ExportName {
    private let text: String

    /// With what a browser adds, and UTF-8's width, a name of a file has 255 bytes.
    private static let nameLimit = 150
    /// More values than these are told by their number.
    private static let shownLimit = 3

    init(of campaign: Campaign, _ filter: RecipientFilter, _ form: ContentType) {
        var name = Self.cut(campaign.name.unicodeScalars.map(Self.safe).joined())
        // A file whose name begins with a dot is hidden, and one of blanks isn't found.
        if name.hasPrefix(".") { name = "_" + name.dropFirst() }
        if name.allSatisfy({ $0 == " " }) { name = campaign.id.description }
        let statuses = Recipient.Status.allCases.filter(filter.statuses.contains).map(\.rawValue)
        name += Self.suffix(statuses, "statuses")
        name += Self.suffix(filter.codes.sorted().map { String($0) }, "codes")
        text = name + (form == .csv ? ".csv" : ".ndjson")
    }

    /// The value of `Content-Disposition` (RFC 6266): the name in ASCII for those who know no other,
    /// and as it is.
    var disposition: String {
        let ascii = text.unicodeScalars.map { scalar in
            scalar.isASCII && scalar != "%" ? String(scalar) : "_"
        }
        let full = PercentEncoding.encode(text)
        return "attachment; filename=\"\(ascii.joined())\"; filename*=UTF-8''\(full)"
    }

    private static func suffix(_ values: [String], _ noun: String) -> String {
        guard values.count <= shownLimit else { return "-\(values.count)-\(noun)" }
        return values.map { "-\($0)" }.joined()
    }

    /// What some system takes for a part of a path or a command, and what can't be seen, is a line.
    private static func safe(_ scalar: Unicode.Scalar) -> String {
        let isUnseen =
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        return isUnseen || "/\\:*?\"<>|".unicodeScalars.contains(scalar) ? "_" : String(scalar)
    }

    private static func cut(_ name: String) -> String {
        var cut = name
        while cut.utf8.count > nameLimit { cut.removeLast() }
        return cut
    }
}
