/// Bytes that must not be shown: whatever prints a secret prints `(redacted)`.
package struct Secret: Sendable, Equatable {
    /// The secret itself, for whoever signs or compares with it.
    package let bytes: [UInt8]

    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The secret as text, for a header or a library that wants a string.
    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "(redacted)" }
    package var debugDescription: String { description }
    /// `dump` and `String(reflecting:)` look into a type's mirror unless it has one of its own.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
