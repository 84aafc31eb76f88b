/// An app's secret key, which never prints itself.
package struct SecretKey: Sendable, Hashable {
    /// The key's text as UTF-8; it is used as it is, not decoded from hexadecimal.
    let bytes: [UInt8]

    package init(_ text: String) {
        bytes = Array(text.utf8)
    }
}

extension SecretKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "redacted" }
    package var debugDescription: String { "redacted" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Which app calls, as whom, and what proves it.
package struct AppCredentials: Sendable, Hashable {
    package var sdkAppID: Int
    package var administrator: String
    package var key: SecretKey

    package init(sdkAppID: Int, administrator: String, key: SecretKey) {
        self.sdkAppID = sdkAppID
        self.administrator = administrator
        self.key = key
    }
}
