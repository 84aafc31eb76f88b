package import JSON

/// An entry of the suppression list as the endpoint shows it.
package struct SuppressionView: Sendable {
    package let text: String

    package init(_ json: JSON) {
        text = labeled([
            ("account", json["account"]?.string), ("reason", json["reason"]?.string),
            ("since", json["created_at"]?.string),
        ])
    }
}
