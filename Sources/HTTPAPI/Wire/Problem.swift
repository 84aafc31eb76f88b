package import HTTPTypes
import Hummingbird
import JSON
import NIOCore

/// A refusal as the client gets it: RFC 9457 `application/problem+json`.
package struct Problem: Error, Sendable {
    package var slug: Slug
    package var detail: String
    var faults: [Fault] = []
    package var headers = HTTPFields()
    /// The campaign's state, where that is what is wrong.
    var state: String?
    /// What a broken stream had taken in before it broke.
    var intake: IntakeSummary?

    /// One invalid place of a document.
    package struct Fault: Sendable, Hashable {
        package let pointer: String
        package let detail: String
    }

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
        case storeFull = "store-full"
    }

    package init(_ slug: Slug, _ detail: String, faults: [Fault] = []) {
        self.slug = slug
        self.detail = detail
        self.faults = faults
    }
}

extension Problem.Slug {
    package var status: HTTPResponse.Status {
        switch self {
        case .badRequest, .notJSON, .badQuery, .badCursor, .brokenStream: .badRequest
        case .unauthorized: .unauthorized
        case .forbiddenHost, .crossSite, .readOnlyToken: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .notAcceptable: .notAcceptable
        case .slowBody: .requestTimeout
        case .wrongState, .keyInUse: .conflict
        case .tooLarge: .contentTooLarge
        case .unsupportedMediaType, .unsupportedEncoding: .unsupportedMediaType
        case .invalid, .keyReused: .unprocessableContent
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .internalError: .internalServerError
        case .tooBusy, .storeFailed, .stopping, .notReady: .serviceUnavailable
        case .storeFull: HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
        }
    }

    package var title: String {
        switch self {
        case .badRequest: "Bad request"
        case .notJSON: "The body is not JSON"
        case .badQuery: "Bad query"
        case .badCursor: "Bad cursor"
        case .brokenStream: "The stream broke off"
        case .unauthorized: "A token is wanted"
        case .forbiddenHost: "Host not allowed"
        case .crossSite: "Another site's page"
        case .readOnlyToken: "The token may only read"
        case .notFound: "Not found"
        case .methodNotAllowed: "Method not allowed"
        case .notAcceptable: "Not acceptable"
        case .slowBody: "The body came too slowly"
        case .wrongState: "Not in this state"
        case .keyInUse: "The key is in use"
        case .tooLarge: "The body is too large"
        case .unsupportedMediaType: "Unsupported media type"
        case .unsupportedEncoding: "Unsupported content encoding"
        case .invalid: "Invalid fields"
        case .keyReused: "The key is another request's"
        case .headersTooLarge: "The headers are too large"
        case .internalError: "Internal error"
        case .tooBusy: "Too busy"
        case .storeFailed: "The store failed"
        case .stopping: "Stopping"
        case .notReady: "Not ready"
        case .storeFull: "No room"
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
