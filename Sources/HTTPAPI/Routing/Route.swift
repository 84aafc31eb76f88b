package import HTTPTypes
package import HummingbirdCore

/// Routes that one part of the service answers; the endpoint's table is made of all groups'.
package protocol RouteGroup: Sendable {
    var routes: [Route] { get }
}

/// One row of the route table: a method on a path, what is asked of its requests, and its handler.
package struct Route: Sendable {
    /// Responds to a request that was let in; a refusal is thrown as a `Problem`.
    package typealias Handler = @Sendable (APIRequest) async throws -> Response

    package let method: HTTPRequest.Method
    /// The path as the contract writes it, such as `/v1/campaigns/{id}`.
    package let path: String
    /// The query parameters it takes; any other is refused.
    ///
    /// Where its parameters come as a form, these are the form's fields beside the token.
    package let query: [String]
    /// The forms its response can have.
    package let forms: [ContentType]
    package let access: Access
    /// Where it is the provider's own call.
    package let provided: Provided?
    let handler: Handler

    /// Who may use it.
    package enum Access: Sendable, Hashable {
        /// No token is wanted.
        case open
        /// Any token will do, since it changes nothing.
        case read
        /// A token that may change things.
        case write
        /// Any token will do, and it may stand in the form that the body is: a page's own way to
        /// have a browser download what only a token gets (RFC 6750, section 2.2).
        case form
    }

    /// A route of the provider's, whose clients know nothing of our refusals: it takes any other
    /// query parameter too, and clients that ask for any form of response.
    package enum Provided: Sendable, Hashable {
        case path
        /// It also takes, by any method, all paths below this one that no route has.
        case everything(below: String)
    }

    package init(
        _ method: HTTPRequest.Method,
        _ path: String,
        query: [String] = [],
        forms: [ContentType] = [.json],
        access: Access? = nil,
        provided: Provided? = nil,
        _ handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.forms = forms
        self.access = access ?? (method == .get ? .read : .write)
        self.provided = provided
        self.handler = handler
    }

    /// The path below which it takes what no other route has.
    var prefix: String? {
        if case .everything(let prefix) = provided { prefix } else { nil }
    }
}
