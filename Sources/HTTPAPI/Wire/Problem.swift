package import HTTPTypes
import HummingbirdCore
package import JSON
import NIOCore

/// A refusal as the client gets it: RFC 9457 `application/problem+json`.
package struct Problem: Error, Sendable {
    package var slug: Slug
    package var detail: String
    /// The invalid places of a document.
    var faults: [FieldCheck.Fault] = []
    package var headers = HTTPFields()
    /// The campaign's state, where that is what is wrong.
    var state: String?
    /// Where the leader is, where this node isn't.
    var leader: Leader?
    /// What a broken stream had taken in before it broke.
    var intake: IntakeSummary?

    /// The kinds of refusal, each with its status; the OpenAPI document lists them.
    package enum Slug: String, Sendable, CaseIterable {
        case badRequest = "bad-request"
        case notJSON = "not-json"
        case badQuery = "bad-query"
        case badCursor = "bad-cursor"
        case brokenStream = "broken-stream"
        case unauthorized
        case forbiddenHost = "forbidden-host"
        case crossSite = "cross-site"
        case readOnlyToken = "read-only-token"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case notAcceptable = "not-acceptable"
        case slowBody = "slow-body"
        case wrongState = "wrong-state"
        case jobRunning = "job-running"
        case noJob = "no-job"
        case nobodyLeft = "nobody-left"
        case noHistory = "no-history"
        case keyInUse = "key-in-use"
        case tooLarge = "too-large"
        case unsupportedMediaType = "unsupported-media-type"
        case unsupportedEncoding = "unsupported-encoding"
        case invalid
        case keyReused = "key-reused"
        case headersTooLarge = "headers-too-large"
        case internalError = "internal-error"
        case tooBusy = "too-busy"
        case storeFailed = "store-failed"
        case stopping
        case notReady = "not-ready"
        case standby
        case storeFull = "store-full"
    }

    /// The node to ask.
    struct Leader: Sendable {
        /// Nil if it has none, or nobody leads.
        let url: String?
    }

    package init(
        _ slug: Slug,
        _ detail: String,
        faults: [FieldCheck.Fault] = [],
        headers: HTTPFields = [:]
    ) {
        self.slug = slug
        self.detail = detail
        self.faults = faults
        self.headers = headers
    }

    static func invalid(_ pointer: String, _ detail: String) -> Problem {
        let fault = FieldCheck.Fault(pointer: pointer, detail: detail)
        return Problem(.invalid, "one field is invalid; nothing was done", faults: [fault])
    }
}

extension Problem.Slug {
    package var status: HTTPResponse.Status { form.status }
    package var title: String { form.title }

    private var form: (status: HTTPResponse.Status, title: String) {
        switch self {
        case .badRequest: (.badRequest, "Bad request")
        case .notJSON: (.badRequest, "The body is not JSON")
        case .badQuery: (.badRequest, "Bad query")
        case .badCursor: (.badRequest, "Bad cursor")
        case .brokenStream: (.badRequest, "The stream broke off")
        case .unauthorized: (.unauthorized, "A token is wanted")
        case .forbiddenHost: (.forbidden, "Host not allowed")
        case .crossSite: (.forbidden, "Another site's page")
        case .readOnlyToken: (.forbidden, "The token may only read")
        case .notFound: (.notFound, "Not found")
        case .methodNotAllowed: (.methodNotAllowed, "Method not allowed")
        case .notAcceptable: (.notAcceptable, "Not acceptable")
        case .slowBody: (.requestTimeout, "The body came too slowly")
        case .wrongState: (.conflict, "Not in this state")
        case .jobRunning: (.conflict, "A job is running")
        case .noJob: (.conflict, "No such job is running")
        case .nobodyLeft: (.conflict, "Nobody is left for it")
        case .noHistory: (.conflict, "No history has the message")
        case .keyInUse: (.conflict, "The key is in use")
        case .tooLarge: (.contentTooLarge, "The body is too large")
        case .unsupportedMediaType: (.unsupportedMediaType, "Unsupported media type")
        case .unsupportedEncoding: (.unsupportedMediaType, "Unsupported content encoding")
        case .invalid: (.unprocessableContent, "Invalid fields")
        case .keyReused: (.unprocessableContent, "The key is another request's")
        case .headersTooLarge: (.requestHeaderFieldsTooLarge, "The headers are too large")
        case .internalError: (.internalServerError, "Internal error")
        case .tooBusy: (.serviceUnavailable, "Too busy")
        case .storeFailed: (.serviceUnavailable, "The store failed")
        case .stopping: (.serviceUnavailable, "Stopping")
        case .notReady: (.serviceUnavailable, "Not ready")
        case .standby: (.serviceUnavailable, "This node stands by")
        case .storeFull: (.init(code: 507, reasonPhrase: "Insufficient Storage"), "No room")
        }
    }

    package var type: String { "urn:fanoutd:problem:\(rawValue)" }
}

extension Problem {
    var json: [UInt8] { JSONText { $0.problem(self) }.bytes }

    var allHeaders: HTTPFields {
        var fields = headers
        fields[.contentType] = "application/problem+json"
        fields[.cacheControl] = "no-store"
        return fields
    }

    var response: Response {
        Response(
            status: slug.status,
            headers: allHeaders,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json))
        )
    }
}
