package import DeliveryCore
import HTTPTypes
package import HummingbirdCore
import NIOCore

/// A request that was let in, with what was read of its head.
package struct APIRequest: Sendable {
    package let request: Request
    let channel: any Channel
    package fileprivate(set) var principal: Principal
    /// The memory that its body takes, given back with the request.
    let bodyShare: MemoryBudget.Share
    /// The path's placeholders, percent-decoded.
    package let parameters: [String: [UInt8]]
    package fileprivate(set) var query: Query
    /// The form that the response shall have.
    package let form: ContentType

    /// The campaign that the path names; an id that can't be one is as unknown as any other.
    package func campaignID() throws(Problem) -> Campaign.ID {
        let text = String(decoding: parameters["id"] ?? [], as: UTF8.self)
        guard let id = Campaign.ID(text) else { throw .noCampaign(quoted(text)) }
        return id
    }

    /// The request of a form, with the form's fields in place of the query's and whoever it names;
    /// `isKnown` says that who asks is known by other ways.
    func readingForm(
        _ route: Route,
        isKnown: Bool,
        by authenticator: Authenticator
    ) async throws(Problem) -> APIRequest {
        _ = try request.headers.contentType(oneOf: [.form])
        _ = try request.headers.isGzip(allowed: false)
        let body = try await wholeBody(limit: Form.sizeLimit)
        let fields = try Query(form: body, allowing: route.query + [Form.token])
        var read = self
        read.query = fields
        if !isKnown {
            let token = try fields.value(Form.token) ?? ""
            read.principal = try authenticator.holder(ofFormToken: Array(token.utf8))
        }
        return read
    }

    /// Tells a client that waits for it (`Expect: 100-continue`) to send the body.
    func askForBody() {
        guard request.headers[.expect]?.lowercased() == "100-continue" else { return }
        channel.triggerUserOutboundEvent(BodyWanted(), promise: nil)
    }

    /// Reads a JSON body, once its type, encoding and size are known to be right.
    package func jsonBody(
        _ types: [ContentType] = [.json],
        limit: Int
    ) async throws(Problem) -> [UInt8] {
        _ = try request.headers.contentType(oneOf: types)
        _ = try request.headers.isGzip(allowed: false)
        return try await wholeBody(limit: limit)
    }

    /// Reads a JSON body that may be left out, for which there is no type either.
    func optionalJSONBody(limit: Int) async throws(Problem) -> [UInt8] {
        request.headers[.contentType] == nil
            ? try await wholeBody(limit: limit) : try await jsonBody(limit: limit)
    }

    /// Makes sure that there is no body, which would ask for something that the route doesn't do.
    func noBody() async throws(Problem) {
        do throws(Problem) {
            _ = try await wholeBody(limit: 0)
        } catch  where error.slug == .tooLarge {
            throw .invalid("", "this takes no body; send none")
        }
    }

    package func wholeBody(limit: Int) async throws(Problem) -> [UInt8] {
        let tooLarge = Problem(.tooLarge, "the body may have \(limit) bytes")
        let length = request.headers[.contentLength].map { Int($0) ?? .max }
        if let length, length > limit { throw tooLarge }
        askForBody()
        var bytes: [UInt8] = []
        do {
            for try await buffer in request.body {
                guard bytes.count + buffer.readableBytes <= limit else { throw tooLarge }
                guard bodyShare.take(buffer.readableBytes) else {
                    throw Problem.tooMany("bodies are being read")
                }
                // Growing by doubling would hold a long body up to three times for a moment.
                if bytes.count >= 1 << 20, let length { bytes.reserveCapacity(length) }
                bytes.append(contentsOf: buffer.readableBytesView)
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(bodyFailure: error)
        }
        return bytes
    }
}

/// A form that carries its token.
package enum Form {
    /// The field's name in RFC 6750.
    package static let token = "access_token"
    /// A hundred codes, each named by itself, are 2 KB.
    package static let sizeLimit = 8_192
}
