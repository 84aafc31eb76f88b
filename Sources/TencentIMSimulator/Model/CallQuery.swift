import Codecs

/// The query of a call: which app asks, as whom, with which signature.
struct CallQuery: Sendable, Hashable {
    let sdkAppID: Int
    let identifier: String
    let signature: [UInt8]

    /// Reads a query as the provider does: names and values are case-sensitive, all five needed.
    init(parsing query: Substring) throws(CallRefusal) {
        var values: [String: [UInt8]] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let value = PercentEncoding.decode(parts[1]) else {
                throw CallRefusal(60002)
            }
            values[String(parts[0])] = value
        }
        func text(_ name: String) -> String {
            String(decoding: values[name] ?? [], as: UTF8.self)
        }
        guard text("contenttype") == "json", UInt32(text("random")) != nil else {
            throw CallRefusal(60002)
        }
        guard let sdkAppID = Int(text("sdkappid")) else { throw CallRefusal(60006) }
        identifier = text("identifier")
        guard !identifier.isEmpty else { throw CallRefusal(60005) }
        signature = values["usersig"] ?? []
        guard !signature.isEmpty else { throw CallRefusal(60004) }
        self.sdkAppID = sdkAppID
    }
}
