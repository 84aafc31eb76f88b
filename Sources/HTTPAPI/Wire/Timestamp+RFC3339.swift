import Codecs
package import DeliveryCore

extension Timestamp {
    /// Reads an RFC 3339 time with any offset, strictly; nil if the text is none.
    package init?(rfc3339 text: some StringProtocol) {
        guard let milliseconds = RFC3339.milliseconds(text) else { return nil }
        self.init(milliseconds: milliseconds)
    }

    /// The time in UTC with milliseconds.
    package var rfc3339: String { RFC3339.text(milliseconds: milliseconds) }
}
