import DeliveryCore
import EndpointFixtures
import HTTPAPI
import HTTPTypes
import JSON
import NIOCore

/// An answer, as a test looks at it.
struct Answer {
    let status: Int
    let headers: HTTPFields
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body parsed; a test's failure shows what was there instead.
    func json() throws -> JSON { try JSON(parsing: body) }

    /// The last part of the problem's type.
    func slug() throws -> String? {
        try json()["type"]?.string?.split(separator: ":").last.map { String($0) }
    }

    func pointers() throws -> [String] {
        try json()["errors"]?.elements?.compactMap { $0["pointer"]?.string } ?? []
    }
}

/// One request to an endpoint, without a socket.
func exchange(
    _ method: HTTPRequest.Method,
    _ uri: String,
    _ body: String? = nil,
    type: String? = "application/json",
    headers: HTTPFields = [:],
    token: String? = writeToken,
    endpoint: Endpoint
) async throws -> Answer {
    try await exchange(
        method,
        uri,
        bytes: body.map { Array($0.utf8) },
        type: body == nil ? nil : type,
        headers: headers,
        token: token,
        endpoint: endpoint
    )
}

func exchange(
    _ method: HTTPRequest.Method,
    _ uri: String,
    bytes: [UInt8]?,
    type: String?,
    headers: HTTPFields = [:],
    token: String? = writeToken,
    endpoint: Endpoint
) async throws -> Answer {
    var fields = headers
    if let token { fields[.authorization] = "Bearer \(token)" }
    if let type { fields[.contentType] = type }
    if let bytes { fields[.contentLength] = String(bytes.count) }
    let answer = try await WholeAnswer(
        of: endpoint,
        method,
        uri,
        headers: fields,
        body: (bytes ?? []).pieces(of: 32_768).map { ByteBuffer(bytes: $0) }
    )
    return Answer(status: answer.status, headers: answer.headers, body: answer.body)
}

extension Array {
    /// As a connection might deliver them.
    fileprivate func pieces(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}

/// Makes a campaign and answers its id.
func makeCampaign(
    _ endpoint: Endpoint,
    recipients: [String]? = nil,
    start: Bool? = nil
) async throws -> String {
    var body = #"{"name":"n","message":{"MsgBody":[]}"#
    if let recipients {
        body += ",\"recipients\":[\(recipients.map { "\"\($0)\"" }.joined(separator: ","))]"
    }
    if let start { body += ",\"start\":\(start)" }
    let answer = try await exchange(.post, "/v1/campaigns", body + "}", endpoint: endpoint)
    return try answer.json()["id"]?.string ?? ""
}
