package import DeliveryCore
import HTTPTypes
package import Hummingbird
import NIOCore

/// A request that was let in, with what was read of its head.
package struct APIRequest: Sendable {
    package let request: Request
    let context: EndpointContext
    package let principal: Principal
    /// The memory that its body takes, given back with the request.
    let bodyShare: MemoryBudget.Share
    /// The path's placeholders, percent-decoded.
    package let parameters: [String: [UInt8]]
    package let query: Query
    /// The form that the response shall have.
    package let form: ContentType

    /// The campaign that the path names; an id that can't be one is as unknown as any other.
    package func campaignID() throws(Problem) -> Campaign.ID {
        let text = String(decoding: parameters["id"] ?? [], as: UTF8.self)
        guard let id = Campaign.ID(text) else { throw .noCampaign(quoted(text)) }
        return id
    }

    /// Tells a client that waits for it (`Expect: 100-continue`) to send the body.
    func askForBody() {
        guard request.headers[.expect]?.lowercased() == "100-continue" else { return }
        context.channel.triggerUserOutboundEvent(BodyWanted(), promise: nil)
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

/// What Hummingbird hands along with a request.
package struct EndpointContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}
